import { beforeEach, describe, expect, it } from "vitest";
import { type PoolOperation, untouched } from "../../shared/domain/operation.ts";
import { aPoolConfig, now } from "../support/builders.ts";
import { acme, type OpenStores, type Stores, small } from "./scene.ts";

/** What operators ask of a pool, its gate, and what the cloud refuses it. */
export function operationContract(open: OpenStores): void {
  let pools: Stores["pools"];
  beforeEach(async () => {
    ({ pools } = await open());
    await pools.putConfig(aPoolConfig());
  });

  describe("an operation", () => {
    const paused: PoolOperation = { mode: "paused", policyOverride: {}, version: 1 };

    it("is untouched until somebody asks for something", async () => {
      expect(await pools.getOperation(small)).toEqual(untouched);
      const view = await pools.readPool(small);
      expect(view?.operation).toEqual(untouched);
      expect(view?.capacity).toBeUndefined();
    });

    it("is read back as written, by itself and with its pool, and survives a deployment", async () => {
      const changed: PoolOperation = {
        mode: "draining",
        policyOverride: { minWarm: 0, maxTotal: 7 },
        recycleBefore: now,
        version: 2,
      };
      expect(await pools.saveOperation(small, paused)).toBe(true);
      expect(await pools.saveOperation(small, changed)).toBe(true);
      await pools.putConfig(aPoolConfig({ description: "deployed again" }));
      expect(await pools.getOperation(small)).toEqual(changed);
      expect((await pools.readPool(small))?.operation).toEqual(changed);
    });

    it("is saved on the version before it only; the repeat finds its own", async () => {
      expect(await pools.saveOperation(small, { ...paused, version: 2 })).toBe(false);
      expect(await pools.saveOperation(small, paused)).toBe(true);
      expect(await pools.saveOperation(small, paused)).toBe(true);
      expect(await pools.saveOperation(small, { ...paused, mode: "draining" })).toBe(false);
    });
  });

  describe("the gate", () => {
    it("lets no claim draw a ticket while closed, and leaves those who drew one alone", async () => {
      await pools.nextSlot(small);
      expect(await pools.setGate(small, true, 1)).toBe(true);
      expect(await pools.drawTicket(small, acme, 5, false)).toEqual({ kind: "closed" });
      expect(await pools.drawTicket(small, acme, 5, true)).toEqual({ kind: "closed" });
      expect(await pools.getCounters(small)).toEqual({ head: 0, tail: 1, drawn: {}, ceiling: {}, closed: true });
      expect(await pools.redrawTicket(small, false)).toBe(1);
      expect(await pools.setGate(small, false, 2)).toBe(true);
      expect(await pools.drawTicket(small, acme, 5, false)).toEqual({ kind: "drawn", ticket: 2 });
      expect((await pools.getCounters(small)).closed).toBeUndefined();
    });

    it("closes also before the first ticket, and a repeat finds its own", async () => {
      expect(await pools.setGate(small, true, 3)).toBe(true);
      expect(await pools.setGate(small, true, 3)).toBe(true);
      expect(await pools.drawTicket(small, acme, 5, false)).toEqual({ kind: "closed" });
    });

    it("is not set by an operation older than the one that set it", async () => {
      await pools.setGate(small, true, 3);
      expect(await pools.setGate(small, false, 2)).toBe(false);
      expect((await pools.getCounters(small)).closed).toBe(true);
    });
  });

  describe("a block of the cloud", () => {
    const first = { until: now + 30_000, attempts: 1 };
    const second = { until: now + 90_000, attempts: 2 };

    it("begins, moves and ends, and is read with its pool", async () => {
      expect(await pools.saveCapacity(small, undefined, first)).toBe(true);
      expect((await pools.readPool(small))?.capacity).toEqual(first);
      expect(await pools.saveCapacity(small, first, second)).toBe(true);
      expect(await pools.getCapacity(small)).toEqual(second);
      expect(await pools.saveCapacity(small, second, undefined)).toBe(true);
      expect(await pools.getCapacity(small)).toBeUndefined();
    });

    it("moves only from where it was seen; the repeat finds its own", async () => {
      expect(await pools.saveCapacity(small, first, second)).toBe(false);
      expect(await pools.saveCapacity(small, first, undefined)).toBe(true);
      expect(await pools.saveCapacity(small, undefined, first)).toBe(true);
      expect(await pools.saveCapacity(small, undefined, first)).toBe(true);
      expect(await pools.saveCapacity(small, undefined, second)).toBe(false);
      expect(await pools.saveCapacity(small, second, undefined)).toBe(false);
      expect(await pools.getCapacity(small)).toEqual(first);
    });
  });
}
