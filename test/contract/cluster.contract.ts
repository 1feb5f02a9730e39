import { beforeEach, describe, expect, it } from "vitest";
import { drain } from "../../shared/domain/cluster.ts";
import { close, end } from "../../shared/domain/lease.ts";
import { aCluster, anAddress, aPoolConfig, now } from "../support/builders.ts";
import {
  arrive,
  cls,
  handOut,
  makeAvailable,
  type OpenStores,
  requestCluster,
  type Stores,
  sbx,
  small,
  warm,
} from "./scene.ts";

/** The writes of a cluster's record, outside of its match. */
export function clusterContract(open: OpenStores): void {
  let stores: Stores;
  let pools: Stores["pools"];
  beforeEach(async () => {
    stores = await open();
    pools = stores.pools;
  });

  describe("a cluster's row", () => {
    it("is created once; the repeat finds its own, another of the same id is refused", async () => {
      const pass = await pools.beginPass(small);
      const requested = aCluster.requested();
      expect(await pools.createCluster(requested, pass)).toBe(true);
      expect(await pools.createCluster(requested, pass)).toBe(true);
      expect(await pools.createCluster({ ...requested, createdAt: now + 1 }, pass)).toBe(false);
      expect(await pools.getCluster(small, cls(1))).toEqual(requested);
      expect(await pools.getCluster(small, cls(2))).toBeUndefined();
    });

    it("holds every state as written", async () => {
      await requestCluster(stores);
      const error = { attempts: 3, note: "nodes Ready 1 of 2", startedAt: now, dueAt: now + 5000 };
      const removed = [{ resource: "service/default/web", by: "us", at: now }] as const;
      const withDetail = {
        detail: "gone",
        sandboxId: sbx(1),
        report: { found: ["volume/vol-1"], removed, verifiedGoneAt: now },
      };
      const states = [
        aCluster.provisioning({ progress: { ...error, step: "access" } }),
        aCluster.provisioning(),
        aCluster.validating(),
        aCluster.available(),
        aCluster.draining(withDetail),
        aCluster.deleting(),
        aCluster.quarantined(withDetail),
      ];
      for (const [index, state] of states.entries()) {
        const cluster = { ...state, version: index + 2 };
        expect(await pools.saveCluster(cluster)).toBe(true);
        expect(await pools.getCluster(small, cls(1))).toEqual(cluster);
      }
    });

    it("has its address beside it, until it is closed", async () => {
      await requestCluster(stores);
      expect(await pools.getAddress(cls(1))).toBeUndefined();
      await pools.saveAddress(cls(1), { ...anAddress, endpoint: "https://before.example" });
      await pools.saveAddress(cls(1), anAddress);
      expect(await pools.getAddress(cls(1))).toEqual(anAddress);
      await pools.saveCluster(aCluster.deleting({ version: 2 }));
      await pools.closeCluster(aCluster.deleted({ version: 3 }));
      expect(await pools.getAddress(cls(1))).toBeUndefined();
    });

    it("is saved on the version before it only; the repeat finds its own", async () => {
      await requestCluster(stores);
      const next = aCluster.provisioning({ version: 2 });
      expect(await pools.saveCluster(aCluster.provisioning({ version: 3 }))).toBe(false);
      expect(await pools.saveCluster(next)).toBe(true);
      expect(await pools.saveCluster(next)).toBe(true);
      expect(await pools.saveCluster({ ...next, revision: "r2" })).toBe(false);
      expect(await pools.saveCluster(aCluster.provisioning({ id: cls(9), version: 2 }))).toBe(false);
    });

    it("takes one of two steps that are saved at once", async () => {
      await requestCluster(stores);
      const saved = await Promise.all(
        [1, 2].map((n) => pools.saveCluster(aCluster.provisioning({ version: 2, updatedAt: now + n }))),
      );
      expect(saved.sort()).toEqual([false, true]);
    });
  });

  describe("draining a warm cluster", () => {
    const drained = (cluster: Parameters<typeof drain>[0]) => drain(cluster, "surplus", now);

    it("takes it out of its slot, and tells the claim that comes there", async () => {
      const draining = drained(await warm(stores));
      expect(await pools.withdrawCluster(draining, 1)).toBe(true);
      expect(await pools.withdrawCluster(draining, 1)).toBe(true);
      expect(await pools.getCluster(small, cls(1))).toEqual(draining);
      expect(await pools.getSlot(small, 1)).toEqual({ n: 1, ticketGone: false, clusterGone: true });
    });

    it("is refused once a claim has come", async () => {
      const available = await warm(stores);
      await arrive(stores);
      expect(await pools.withdrawCluster(drained(available), 1)).toBe(false);
      expect(await pools.getCluster(small, cls(1))).toEqual(available);
    });

    it("for a pass is refused once that pass was overtaken", async () => {
      const draining = drained(await warm(stores));
      const overtaken = await pools.beginPass(small);
      const newest = await pools.beginPass(small);
      expect(await pools.withdrawCluster(draining, 1, overtaken)).toBe(false);
      expect(await pools.withdrawCluster(draining, 1, newest)).toBe(true);
      await pools.beginPass(small);
      expect(await pools.withdrawCluster(draining, 1, newest)).toBe(true);
    });

    it("is refused when it lies in another slot, or has changed", async () => {
      const available = await makeAvailable(stores);
      expect(await pools.withdrawCluster(drained(available), 1)).toBe(false);
      const other = await warm(stores, 2, cls(2));
      expect(await pools.withdrawCluster(drained(other), 1)).toBe(false);
      expect(await pools.withdrawCluster(drained({ ...other, version: 7 }), 2)).toBe(false);
    });

    it("and a claim's arrival at once end in one of the two", async () => {
      const available = await warm(stores);
      const [isDrained] = await Promise.all([pools.withdrawCluster(drained(available), 1), arrive(stores)]);
      const slot = await pools.getSlot(small, 1);
      expect(slot?.clusterGone).toBe(isDrained);
      expect(slot?.cluster !== undefined).toBe(!isDrained);
    });
  });

  describe("closing a cluster", () => {
    it("takes its row out of the pool and keeps its record", async () => {
      await pools.putConfig(aPoolConfig());
      await requestCluster(stores);
      const deleted = aCluster.deleted({ version: 2, detail: "never built" });
      expect(await pools.closeCluster(deleted)).toBe(true);
      expect(await pools.closeCluster(deleted)).toBe(true);
      expect(await pools.getCluster(small, cls(1))).toBeUndefined();
      expect(await pools.getClosedCluster(cls(1))).toEqual(deleted);
      expect((await pools.readPool(small))?.clusters).toEqual([]);
    });

    it("ends its sandbox with it", async () => {
      const sandbox = await handOut(stores);
      const claimed = await pools.getCluster(small, cls(1));
      if (claimed?.state !== "claimed") throw new Error("The cluster was not claimed.");
      const draining = drain(claimed, "sandbox_ended", now);
      const terminating = end(sandbox, "expired", now);
      await stores.sandboxes.end(sandbox, terminating, draining);
      if (terminating.state !== "terminating") throw new Error("The sandbox had no cluster.");
      const terminated = close(terminating, now + 1);
      const deleted = aCluster.deleted({ version: draining.version + 1, sandboxId: sandbox.id });
      expect(await pools.closeCluster({ ...deleted, version: 3 }, terminated)).toBe(false);
      expect(await pools.closeCluster(deleted, { ...terminated, version: 9 })).toBe(false);
      expect(await stores.sandboxes.get(sandbox.id)).toEqual(terminating);
      expect(await pools.closeCluster(deleted, terminated)).toBe(true);
      expect(await pools.closeCluster(deleted, terminated)).toBe(true);
      expect(await stores.sandboxes.get(sandbox.id)).toEqual(terminated);
      expect(await pools.getClosedCluster(cls(1))).toEqual(deleted);
    });

    it("is refused for a cluster that nobody knows or that has changed", async () => {
      expect(await pools.closeCluster(aCluster.deleted({ version: 2 }))).toBe(false);
      await requestCluster(stores);
      expect(await pools.closeCluster(aCluster.deleted({ version: 5 }))).toBe(false);
      expect(await pools.getClosedCluster(cls(1))).toBeUndefined();
    });

    it("can be amended on the version before it only; the repeat finds its own", async () => {
      await requestCluster(stores);
      const closed = aCluster.deleted({ version: 2 });
      await pools.closeCluster(closed);
      const removed = [{ resource: "volume/vol-1", by: "us", at: now }] as const;
      const amended = { ...closed, report: { removed }, version: 3 };
      expect(await pools.saveClosedCluster(amended)).toBe(true);
      expect(await pools.saveClosedCluster(amended)).toBe(true);
      expect(await pools.saveClosedCluster({ ...amended, report: { removed: [] } })).toBe(false);
      expect(await pools.getClosedCluster(cls(1))).toEqual(amended);
      expect(await pools.saveClosedCluster(aCluster.deleted({ id: cls(2), version: 2 }))).toBe(false);
    });
  });
}
