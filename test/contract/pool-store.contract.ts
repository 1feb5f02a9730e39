import { beforeEach, describe, expect, it } from "vitest";
import { asId, type TenantId } from "../../shared/domain/ids.ts";
import type { Outlook } from "../../shared/domain/outlook.ts";
import { aCluster, aClusterHalf, aPoolConfig, aSandboxHalf, now } from "../support/builders.ts";
import {
  acme,
  arrive,
  cls,
  makeAvailable,
  type OpenStores,
  requestCluster,
  type Stores,
  sbx,
  small,
  wait,
  warm,
} from "./scene.ts";

const anOutlook: Outlook = {
  counts: { available: 1, inFlight: 1, claimed: 3, waiting: 0, maxTotal: 10 },
  reason: "warming",
  typicalBuild: 180_000,
  builds: [{ clusterId: cls(1), createdAt: now }],
  concurrent: 4,
};

const slotOf = (n: number) => ({ n, ticketGone: false, clusterGone: false });

/** What every `PoolStore` promises, but for the writes of a claim (claim.contract.ts). */
export function poolStoreContract(open: OpenStores): void {
  let stores: Stores;
  let pools: Stores["pools"];
  beforeEach(async () => {
    stores = await open();
    pools = stores.pools;
  });

  describe("configurations", () => {
    it("are listed in order of id, whatever order they were written in", async () => {
      for (const poolId of ["b", "a", "c"]) await pools.putConfig(aPoolConfig({ poolId: asId(poolId) }));
      expect((await pools.listConfigs()).map((it) => it.poolId)).toEqual(["a", "b", "c"]);
    });

    it("are read back as written, and replaced without touching anything else", async () => {
      await pools.putConfig(aPoolConfig());
      await pools.nextSlot(small);
      await requestCluster(stores);
      const changed = aPoolConfig({ description: "changed" });
      await pools.putConfig(changed);
      expect(await pools.getConfig(small)).toEqual(changed);
      expect(await pools.listConfigs()).toEqual([changed]);
      expect((await pools.getCounters(small)).tail).toBe(1);
      expect(await pools.getCluster(small, cls(1))).toBeDefined();
    });

    it("are absent when nobody wrote them", async () => {
      expect(await pools.getConfig(small)).toBeUndefined();
      expect(await pools.readPool(small)).toBeUndefined();
      expect(await pools.listConfigs()).toEqual([]);
    });
  });

  describe("a read of the pool", () => {
    it("holds configuration, counters, slots by number and clusters", async () => {
      const config = aPoolConfig();
      await pools.putConfig(config);
      await pools.drawTicket(small, acme, 5, false);
      await warm(stores, 10, cls(10));
      const available = await warm(stores, 2, cls(2));
      const pass = await pools.beginPass(small);
      const observations = [{ at: now, head: 1, drawn: { [acme]: 1 } }];
      await pools.savePass(small, pass, { observations, outlook: anOutlook });

      const view = await pools.readPool(small);
      expect(view).toMatchObject({ config, observations, pages: 1 });
      expect(view?.counters).toEqual({ head: 1, tail: 0, drawn: { [acme]: 1 }, ceiling: {} });
      expect(view?.slots.map((it) => it.n)).toEqual([2, 10]);
      expect(view?.clusters.find((it) => it.id === cls(2))).toEqual(available);
      expect(await pools.readSlots(small)).toEqual(view?.slots);
      expect((await pools.readSlots(small, 9)).map((it) => it.n)).toEqual([2]);
    });

    it("of a fresh pool is empty", async () => {
      await pools.putConfig(aPoolConfig());
      const counters = { head: 0, tail: 0, drawn: {}, ceiling: {} };
      expect(await pools.readPool(small)).toMatchObject({ counters, slots: [], clusters: [], observations: [] });
      expect(await pools.getCounters(small)).toEqual(counters);
    });

    it("counts those who wait before a ticket, and nobody else", async () => {
      await wait(stores, 1, sbx(1));
      await wait(stores, 2, sbx(2));
      await arrive(stores, 3, sbx(3));
      await warm(stores, 4, cls(4));
      await wait(stores, 5, sbx(5));
      expect(await pools.countWaitingBefore(small, 1)).toBe(0);
      expect(await pools.countWaitingBefore(small, 2)).toBe(1);
      expect(await pools.countWaitingBefore(small, 5)).toBe(2);
    });
  });

  describe("drawing a ticket", () => {
    it("numbers tickets from 1 and counts them by tenant", async () => {
      const other = asId<TenantId>("other#tenant");
      expect(await pools.drawTicket(small, acme, 5, false)).toEqual({ kind: "drawn", ticket: 1 });
      expect(await pools.drawTicket(small, other, 5, false)).toEqual({ kind: "drawn", ticket: 2 });
      expect(await pools.redrawTicket(small, false)).toBe(3);
      expect(await pools.getCounters(small)).toMatchObject({ head: 3, drawn: { [acme]: 1, [other]: 1 } });
    });

    it("is refused at the tenant's quota, and leaves no trace", async () => {
      await pools.drawTicket(small, acme, 1, false);
      expect(await pools.drawTicket(small, acme, 1, false)).toEqual({ kind: "tenantQuota" });
      expect(await pools.drawTicket(small, acme, 1, true)).toEqual({ kind: "tenantQuota" });
      expect(await pools.getCounters(small)).toMatchObject({ head: 1, drawn: { [acme]: 1 } });
    });

    it("goes by the ceiling once there is one", async () => {
      await pools.drawTicket(small, acme, 1, false);
      expect(await pools.setCeiling(small, acme, undefined, 2)).toBe(true);
      expect(await pools.drawTicket(small, acme, 1, false)).toEqual({ kind: "drawn", ticket: 2 });
      expect(await pools.drawTicket(small, acme, 9, false)).toEqual({ kind: "tenantQuota" });
    });

    it("only if warm: is refused while no cluster waits for that ticket", async () => {
      expect(await pools.drawTicket(small, acme, 5, true)).toEqual({ kind: "empty" });
      expect(await pools.redrawTicket(small, true)).toBeUndefined();
      await pools.nextSlot(small);
      expect(await pools.drawTicket(small, acme, 5, true)).toEqual({ kind: "drawn", ticket: 1 });
      expect(await pools.drawTicket(small, acme, 5, true)).toEqual({ kind: "empty" });
      expect(await pools.redrawTicket(small, true)).toBeUndefined();
      await pools.nextSlot(small);
      expect(await pools.redrawTicket(small, true)).toBe(2);
    });

    it("at once gives every claim its own, and never one more than the quota", async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => pools.drawTicket(small, acme, 5, false)));
      const tickets = answers.flatMap((it) => (it.kind === "drawn" ? [it.ticket] : []));
      expect(tickets.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    });

    it("at once gives every cluster its own number", async () => {
      const numbers = await Promise.all(Array.from({ length: 4 }, () => pools.nextSlot(small)));
      expect(numbers.sort()).toEqual([1, 2, 3, 4]);
    });
  });

  describe("a ceiling", () => {
    it("moves only from where it was seen, and repeating the move changes nothing", async () => {
      expect(await pools.setCeiling(small, acme, undefined, 7)).toBe(true);
      expect(await pools.setCeiling(small, acme, undefined, 7)).toBe(true);
      expect(await pools.setCeiling(small, acme, undefined, 8)).toBe(false);
      expect(await pools.setCeiling(small, acme, 6, 8)).toBe(false);
      expect(await pools.setCeiling(small, acme, 7, 8)).toBe(true);
      expect((await pools.getCounters(small)).ceiling).toEqual({ [acme]: 8 });
    });
  });

  describe("a pass", () => {
    it("has a number higher than every one before, also when two begin at once", async () => {
      const numbers = await Promise.all([pools.beginPass(small), pools.beginPass(small)]);
      expect(numbers.sort()).toEqual([1, 2]);
      expect(await pools.beginPass(small)).toBe(3);
    });

    it("that was overtaken neither records what it saw nor creates a cluster", async () => {
      await pools.putConfig(aPoolConfig());
      const overtaken = await pools.beginPass(small);
      const newest = await pools.beginPass(small);
      const observations = [{ at: now, head: 0, drawn: {} }];
      const seen = { observations, outlook: anOutlook };
      expect(await pools.savePass(small, overtaken, seen)).toBe(false);
      expect(await pools.getOutlook(small)).toBeUndefined();
      expect(await pools.createCluster(aCluster.requested(), overtaken)).toBe(false);
      expect(await pools.readPool(small)).toMatchObject({ observations: [], clusters: [] });
      expect(await pools.savePass(small, newest, seen)).toBe(true);
      expect(await pools.savePass(small, newest, seen)).toBe(true);
      expect(await pools.getOutlook(small)).toEqual(anOutlook);
      expect(await pools.createCluster(aCluster.requested(), newest)).toBe(true);
    });
  });

  describe("a slot", () => {
    const half = aSandboxHalf();
    const clusterHalf = aClusterHalf();

    it("takes one claim; its repeat finds itself, another's is refused", async () => {
      const slot = { ...slotOf(1), sandbox: half };
      expect(await pools.takeSlotForSandbox(small, 1, half)).toEqual({ kind: "taken", slot });
      expect(await pools.takeSlotForSandbox(small, 1, half)).toEqual({ kind: "taken", slot });
      expect(await pools.takeSlotForSandbox(small, 1, aSandboxHalf({ sandboxId: sbx(2) }))).toEqual({
        kind: "refused",
        slot,
      });
      expect(await pools.getSlot(small, 1)).toEqual(slot);
      expect(await pools.getSlot(small, 2)).toBeUndefined();
    });

    it("keeps a claim confirmed when its arrival is repeated", async () => {
      await wait(stores);
      const again = await pools.takeSlotForSandbox(small, 1, half);
      expect(again).toMatchObject({ kind: "taken", slot: { sandbox: { confirmed: true } } });
    });

    it("takes one cluster; its repeat finds itself, another's is refused", async () => {
      const slot = { ...slotOf(1), cluster: clusterHalf };
      expect(await pools.takeSlotForCluster(small, 1, clusterHalf)).toEqual({ kind: "taken", slot });
      expect(await pools.takeSlotForCluster(small, 1, clusterHalf)).toEqual({ kind: "taken", slot });
      expect(await pools.takeSlotForCluster(small, 1, aClusterHalf({ clusterId: cls(2) }))).toEqual({
        kind: "refused",
        slot,
      });
    });

    it("shows both halves to whoever comes second, also when both come at once", async () => {
      const answers = await Promise.all([
        pools.takeSlotForSandbox(small, 1, half),
        pools.takeSlotForCluster(small, 1, clusterHalf),
      ]);
      expect(answers.map((it) => it.kind)).toEqual(["taken", "taken"]);
      expect(answers.filter((it) => it.slot.sandbox && it.slot.cluster)).toHaveLength(1);
      expect(await pools.getSlot(small, 1)).toEqual({ ...slotOf(1), sandbox: half, cluster: clusterHalf });
    });

    it("goes to one of two claims that come at once", async () => {
      const answers = await Promise.all(
        [1, 2].map((n) => pools.takeSlotForSandbox(small, 1, aSandboxHalf({ sandboxId: sbx(n) }))),
      );
      expect(answers.map((it) => it.kind).sort()).toEqual(["refused", "taken"]);
    });

    it("that its claim left refuses the cluster once, and is gone then", async () => {
      await pools.takeSlotForSandbox(small, 1, half);
      expect(await pools.leaveSlot(small, 1, sbx(1))).toBe(true);
      expect(await pools.leaveSlot(small, 1, sbx(1))).toBe(true);
      const slot = { ...slotOf(1), ticketGone: true };
      expect(await pools.getSlot(small, 1)).toEqual(slot);
      expect(await pools.takeSlotForSandbox(small, 1, half)).toEqual({ kind: "refused", slot });
      expect(await pools.takeSlotForCluster(small, 1, clusterHalf)).toEqual({ kind: "refused", slot });
      expect(await pools.getSlot(small, 1)).toBeUndefined();
    });

    it("is left with both halves, by its own claim only", async () => {
      await warm(stores);
      await arrive(stores);
      expect(await pools.leaveSlot(small, 1, sbx(2))).toBe(false);
      expect(await pools.leaveSlot(small, 2, sbx(1))).toBe(false);
      expect(await pools.leaveSlot(small, 1, sbx(1))).toBe(true);
      expect(await pools.getSlot(small, 1)).toEqual({ ...slotOf(1), ticketGone: true });
    });

    it("whose cluster is dropped keeps its claim, and takes another cluster", async () => {
      await wait(stores);
      await makeAvailable(stores);
      await pools.takeSlotForCluster(small, 1, clusterHalf);
      expect(await pools.dropCluster(small, 1, cls(2))).toBe(false);
      expect(await pools.dropCluster(small, 1, cls(1))).toBe(true);
      expect(await pools.dropCluster(small, 1, cls(1))).toBe(true);
      const slot = await pools.getSlot(small, 1);
      expect(slot?.cluster).toBeUndefined();
      expect(slot?.sandbox).toEqual({ ...half, confirmed: true });
      const next = await pools.takeSlotForCluster(small, 1, aClusterHalf({ clusterId: cls(2) }));
      expect(next).toMatchObject({ kind: "taken", slot: { clusterGone: false, sandbox: { confirmed: true } } });
      expect(await pools.dropCluster(small, 7, cls(1))).toBe(false);
    });

    it("whose cluster was dropped before the claim came tells the claim", async () => {
      await pools.takeSlotForCluster(small, 1, clusterHalf);
      await pools.dropCluster(small, 1, cls(1));
      const late = await pools.takeSlotForSandbox(small, 1, half);
      expect(late).toEqual({ kind: "taken", slot: { ...slotOf(1), sandbox: half, clusterGone: true } });
    });
  });

  describe("an abandoned ticket", () => {
    it("that clusters have passed leaves no slot behind", async () => {
      await arrive(stores, 1);
      await pools.takeSlotForCluster(small, 1, aClusterHalf());
      expect(await pools.abandonTicket(small, 1, 1)).toBe(true);
      expect(await pools.abandonTicket(small, 1, 1)).toBe(true);
      expect(await pools.getSlot(small, 1)).toBeUndefined();
    });

    it("that clusters are yet to reach leaves a mark, with or without a trace of its claim", async () => {
      await arrive(stores, 3);
      for (const n of [3, 4, 4]) expect(await pools.abandonTicket(small, n, 2)).toBe(true);
      expect((await pools.readSlots(small)).map((it) => it)).toEqual([
        { ...slotOf(3), ticketGone: true },
        { ...slotOf(4), ticketGone: true },
      ]);
    });

    it("is not abandoned while a recorded claim waits with it, or a cluster has just come", async () => {
      await wait(stores, 1);
      expect(await pools.abandonTicket(small, 1, 0)).toBe(false);
      expect(await pools.abandonTicket(small, 1, 1)).toBe(false);
      await pools.takeSlotForCluster(small, 2, aClusterHalf());
      expect(await pools.abandonTicket(small, 2, 1)).toBe(false);
      expect(await pools.getSlot(small, 2)).toMatchObject({ cluster: { clusterId: cls(1) } });
    });
  });
}
