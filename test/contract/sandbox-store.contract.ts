import { beforeEach, describe, expect, it } from "vitest";
import { drain } from "../../shared/domain/cluster.ts";
import { asId, type OwnerId, type PoolId, type TenantId } from "../../shared/domain/ids.ts";
import { end } from "../../shared/domain/lease.ts";
import type { SandboxIn } from "../../shared/domain/sandbox.ts";
import { InvalidCursor } from "../../shared/ports/sandbox-store.ts";
import { aClusterHalf, aSandbox, aSandboxHalf, now } from "../support/builders.ts";
import { acme, cls, handOut, type OpenStores, type Stores, sbx, small, wait } from "./scene.ts";

const { ownerId } = aSandbox.pending();

/** What every `SandboxStore` promises. */
export function sandboxStoreContract(open: OpenStores): void {
  let stores: Stores;
  let sandboxes: Stores["sandboxes"];
  beforeEach(async () => {
    stores = await open();
    sandboxes = stores.sandboxes;
  });

  /** A recorded claim with these facts, waiting with the ticket of its number. */
  async function record(n: number, facts: Partial<Omit<SandboxIn<"pending">, "state">> = {}) {
    const sandbox = aSandbox.pending({ id: sbx(n), ticket: n, ...facts });
    const { id: sandboxId, tenant, ownerId: owner, poolId } = sandbox;
    await stores.pools.takeSlotForSandbox(poolId, n, aSandboxHalf({ sandboxId, tenant, ownerId: owner }));
    await stores.pools.enqueue(sandbox, 100);
    return sandbox;
  }

  describe("saving", () => {
    it("replaces the version before it only; the repeat finds its own", async () => {
      const ready = await handOut(stores);
      const { activateBy: _, ...held } = ready;
      const active: SandboxIn<"active"> = {
        ...held,
        state: "active",
        activatedAt: now,
        expiresAt: now + 1,
        lastSeenAt: now,
        version: 2,
        terms: { ...ready.terms, idleTimeoutSeconds: 60 },
        labels: { team: "blue" },
        metadata: { note: "" },
        parameters: { size: "s" },
        events: [{ seq: 2, at: now, type: "activated", reason: "r", detail: "d" }],
      };
      expect(await sandboxes.save({ ...active, version: 3 })).toBe(false);
      expect(await sandboxes.save(active)).toBe(true);
      expect(await sandboxes.save(active)).toBe(true);
      expect(await sandboxes.save({ ...active, lastSeenAt: now + 1 })).toBe(false);
      expect(await sandboxes.get(ready.id)).toEqual(active);
    });

    it("creates nothing", async () => {
      expect(await sandboxes.save(aSandbox.active({ version: 2 }))).toBe(false);
      expect(await sandboxes.get(sbx(1))).toBeUndefined();
    });

    it("takes one of two changes that are made at once", async () => {
      const ready = await handOut(stores);
      const saved = await Promise.all(
        ["blue", "red"].map((team) => sandboxes.save({ ...ready, version: 2, labels: { team } })),
      );
      expect(saved.sort()).toEqual([false, true]);
    });
  });

  describe("an owner's sandboxes", () => {
    it("are those of this owner of this tenant, however their names are spelled", async () => {
      const ids = (tenant: string, owner: string) => ({
        tenant: asId<TenantId>(tenant),
        ownerId: asId<OwnerId>(owner),
      });
      await record(1, ids("a#b", "c"));
      await record(2, ids("a", "b#c"));
      await record(3, ids("a", "b#c"));
      expect(await sandboxes.listLiveOfOwner(asId("a#b"), asId("c"))).toEqual([sbx(1)]);
      expect(await sandboxes.listLiveOfOwner(asId("a"), asId("b#c"))).toEqual([sbx(2), sbx(3)]);
      expect(await sandboxes.listLiveOfOwner(asId("a"), asId("b"))).toEqual([]);
    });
  });

  describe("due sandboxes", () => {
    it("are the live ones of the pool whose deadline has come, soonest first", async () => {
      await record(1, { queueDeadline: now + 3000 });
      await record(2, { queueDeadline: now + 1000 });
      await record(3, { queueDeadline: now + 3001 });
      await record(4, { queueDeadline: now + 1, poolId: asId<PoolId>("large") });
      const over = await record(5, { queueDeadline: now + 1 });
      await sandboxes.end(over, end(over, "deleted_by_owner", now));
      expect(await sandboxes.listDue(small, now + 3000)).toEqual([sbx(2), sbx(1)]);
      expect(await sandboxes.listDue(small, now + 999)).toEqual([]);
    });

    it("move with their deadline", async () => {
      const ready = await handOut(stores);
      expect(await sandboxes.listDue(small, ready.activateBy)).toEqual([ready.id]);
      const { activateBy: _, ...held } = ready;
      const times = { activatedAt: now, lastSeenAt: now, expiresAt: ready.activateBy + 1 };
      await sandboxes.save({ ...held, state: "active", ...times, version: 2 });
      expect(await sandboxes.listDue(small, ready.activateBy)).toEqual([]);
      expect(await sandboxes.listDue(small, ready.activateBy + 1)).toEqual([ready.id]);
    });
  });

  describe("a list", () => {
    const listed = async (filter: Parameters<typeof sandboxes.list>[1] = {}) =>
      (await sandboxes.list(acme, filter, { limit: 100 })).items.map((it) => it.id);

    it("shows the tenant's own, newest first, and filters", async () => {
      const blue = { labels: { "team/colour": "blue", size: "s" } };
      await record(1, { createdAt: now, ...blue });
      await record(2, { createdAt: now + 2, ownerId: asId("bob") });
      await record(3, { createdAt: now + 1, poolId: asId("large") });
      await record(4, { createdAt: now + 3, tenant: asId("other"), ...blue });
      const over = await record(5, { createdAt: now + 4 });
      await sandboxes.end(over, end(over, "deleted_by_owner", now));
      expect(await listed()).toEqual([sbx(5), sbx(2), sbx(3), sbx(1)]);
      expect(await listed({ ownerId: asId("bob") })).toEqual([sbx(2)]);
      expect(await listed({ poolId: asId("large"), ownerId })).toEqual([sbx(3)]);
      expect(await listed({ state: "terminated" })).toEqual([sbx(5)]);
      expect(await listed({ labels: { "team/colour": "blue", size: "s" } })).toEqual([sbx(1)]);
      expect(await listed({ labels: { "team/colour": "red" } })).toEqual([]);
    });

    it("comes in pages that leave nothing out and show nothing twice", async () => {
      for (let n = 1; n <= 5; n++) await record(n, { createdAt: now + n });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await sandboxes.list(acme, {}, { limit: 2, ...(cursor !== undefined && { cursor }) });
        seen.push(...page.items.map((it) => it.id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual([5, 4, 3, 2, 1].map(sbx));
    });

    it("refuses a cursor that it did not hand out to this tenant", async () => {
      for (let n = 1; n <= 3; n++) await record(n, { createdAt: now + n });
      const { nextCursor } = await sandboxes.list(acme, {}, { limit: 1 });
      if (nextCursor === undefined) throw new Error("There was no next page.");
      const other = asId<TenantId>("other");
      await expect(sandboxes.list(other, {}, { limit: 1, cursor: nextCursor })).rejects.toThrow(InvalidCursor);
      for (const cursor of ["", "nonsense", "bnVsbA", "W10", "e30"]) {
        await expect(sandboxes.list(acme, {}, { limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursor);
      }
    });
  });

  describe("ending", () => {
    it("a waiting sandbox voids its ticket and gives its owner's quota back", async () => {
      const pending = await wait(stores);
      const ended = end(pending, "queue_timeout", now);
      expect(await sandboxes.end(pending, ended)).toBe(true);
      expect(await sandboxes.end(pending, ended)).toBe(true);
      expect(await sandboxes.get(pending.id)).toEqual(ended);
      expect(await sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([]);
      expect(await stores.pools.getSlot(small, 1)).toEqual({ n: 1, ticketGone: true, clusterGone: false });
    });

    it("a waiting sandbox frees a cluster that has just come to its slot", async () => {
      const pending = await wait(stores);
      await stores.pools.takeSlotForCluster(small, 1, aClusterHalf());
      expect(await sandboxes.end(pending, end(pending, "deleted_by_owner", now))).toBe(true);
      expect(await stores.pools.getSlot(small, 1)).toEqual({ n: 1, ticketGone: true, clusterGone: false });
    });

    it("a waiting sandbox whose slot is gone still ends", async () => {
      const pending = await wait(stores);
      await stores.pools.leaveSlot(small, 1, pending.id);
      await stores.pools.abandonTicket(small, 1, 1);
      expect(await sandboxes.end(pending, end(pending, "deleted_by_owner", now))).toBe(true);
    });

    it("a waiting sandbox whose slot another holds is a defect", async () => {
      const pending = await wait(stores);
      await stores.pools.leaveSlot(small, 1, pending.id);
      await stores.pools.abandonTicket(small, 1, 1);
      await stores.pools.takeSlotForSandbox(small, 1, aSandboxHalf({ sandboxId: sbx(2) }));
      await expect(sandboxes.end(pending, end(pending, "deleted_by_owner", now))).rejects.toThrow(/slot/i);
      expect(await sandboxes.get(pending.id)).toEqual(pending);
    });

    const claimedCluster = async () => {
      const cluster = await stores.pools.getCluster(small, cls(1));
      if (cluster?.state !== "claimed") throw new Error("The cluster was not claimed.");
      return cluster;
    };

    it("a sandbox in use begins its cluster's tear-down", async () => {
      const ready = await handOut(stores);
      const draining = drain(await claimedCluster(), "sandbox_ended", now);
      const ended = end(ready, "expired", now);
      expect(await sandboxes.end(ready, ended, draining)).toBe(true);
      expect(await sandboxes.end(ready, ended, draining)).toBe(true);
      expect(await sandboxes.get(ready.id)).toEqual(ended);
      expect(await stores.pools.getCluster(small, cls(1))).toEqual(draining);
      expect(await sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([]);
    });

    it("is fenced by the sandbox's version: one that was extended stays", async () => {
      const ready = await handOut(stores);
      const draining = drain(await claimedCluster(), "sandbox_ended", now);
      const extended = { ...ready, version: 2, activateBy: now + 999_000 };
      await sandboxes.save(extended);
      expect(await sandboxes.end(ready, end(ready, "expired", now), draining)).toBe(false);
      expect(await sandboxes.get(ready.id)).toEqual(extended);
      expect(await claimedCluster()).toMatchObject({ sandboxId: ready.id });
      expect(await sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([ready.id]);
    });

    it("is fenced by the cluster: one that is not this sandbox's is never drained", async () => {
      const ready = await handOut(stores);
      const draining = drain(await claimedCluster(), "sandbox_ended", now);
      const ended = end(ready, "expired", now);
      expect(await sandboxes.end(ready, ended, { ...draining, version: 9 })).toBe(false);
      const other = aSandbox.ready({ id: sbx(2) });
      await record(2);
      expect(await sandboxes.end(other, { ...end(other, "expired", now), version: 2 }, draining)).toBe(false);
      expect(await sandboxes.get(ready.id)).toEqual(ready);
      expect(await claimedCluster()).toMatchObject({ state: "claimed" });
    });

    it("and extending at once end in one of the two", async () => {
      const ready = await handOut(stores);
      const draining = drain(await claimedCluster(), "sandbox_ended", now);
      const won = await Promise.all([
        sandboxes.end(ready, end(ready, "expired", now), draining),
        sandboxes.save({ ...ready, version: 2, activateBy: now + 999_000 }),
      ]);
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await stores.pools.getCluster(small, cls(1)))?.state).toBe(won[0] ? "draining" : "claimed");
    });
  });
}
