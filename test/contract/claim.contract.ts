import { beforeEach, describe, expect, it } from "vitest";
import { matched } from "../../shared/domain/sandbox.ts";
import { aClusterHalf, aSandbox, now } from "../support/builders.ts";
import {
  acme,
  arrive,
  cls,
  handOut,
  makeAvailable,
  matchOf,
  type OpenStores,
  type Stores,
  sbx,
  small,
  wait,
  warm,
} from "./scene.ts";

const ownerId = aSandbox.ready().ownerId;

/** The two transactions of a claim. */
export function claimContract(open: OpenStores): void {
  let stores: Stores;
  beforeEach(async () => {
    stores = await open();
  });

  describe("a match from the warm pool", () => {
    it("hands the cluster over, records the sandbox and clears the slot", async () => {
      const available = await warm(stores);
      await arrive(stores);
      const sandbox = aSandbox.ready();
      expect(await matchOf(stores, sandbox, { countedTicket: 7, now: now + 5 })).toEqual({ kind: "matched", sandbox });
      const { slot: _, ...kept } = available;
      expect(await stores.pools.getCluster(small, cls(1))).toEqual({
        ...kept,
        state: "claimed",
        sandboxId: sandbox.id,
        tenant: acme,
        ownerId,
        countedTicket: 7,
        claimedAt: now + 5,
        updatedAt: now + 5,
        version: available.version + 1,
      });
      expect(await stores.sandboxes.get(sandbox.id)).toEqual(sandbox);
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([sandbox.id]);
      expect(await stores.pools.getSlot(small, 1)).toBeUndefined();
    });

    it("finds its own success when it is repeated, and takes the owner's quota once", async () => {
      const sandbox = await handOut(stores);
      expect(await matchOf(stores, sandbox, { ownerQuota: 1 })).toEqual({ kind: "matched", sandbox });
      expect((await stores.pools.getCluster(small, cls(1)))?.version).toBe(3);
    });

    it("is refused at the owner's quota, and changes nothing", async () => {
      await warm(stores);
      await arrive(stores);
      await wait(stores, 2, sbx(2));
      expect(await matchOf(stores, aSandbox.ready(), { ownerQuota: 1 })).toEqual({ kind: "ownerQuota" });
      expect(await stores.sandboxes.get(sbx(1))).toBeUndefined();
      expect(await stores.pools.getCluster(small, cls(1))).toMatchObject({ state: "available" });
      expect(await stores.pools.getSlot(small, 1)).toMatchObject({ sandbox: { sandboxId: sbx(1) } });
    });

    it("shows the record that is there already", async () => {
      const sandbox = await wait(stores, 2);
      await warm(stores);
      await arrive(stores);
      expect(await matchOf(stores, aSandbox.ready())).toEqual({ kind: "sandboxMoved", sandbox });
    });

    it("is refused when the cluster is not available in that slot", async () => {
      const available = await warm(stores);
      await arrive(stores);
      await stores.pools.saveCluster({ ...available, slot: 2, version: 3 });
      expect(await matchOf(stores, aSandbox.ready())).toEqual({ kind: "clusterMoved" });
      expect(await matchOf(stores, aSandbox.ready({ clusterId: cls(9) }))).toEqual({ kind: "clusterMoved" });
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([]);
    });

    it("is refused when the slot does not hold these two", async () => {
      await makeAvailable(stores);
      expect(await matchOf(stores, aSandbox.ready())).toEqual({ kind: "slotMoved" });
      await arrive(stores);
      expect(await matchOf(stores, aSandbox.ready())).toEqual({ kind: "slotMoved" });
      await stores.pools.takeSlotForCluster(small, 1, aClusterHalf());
      expect(await matchOf(stores, aSandbox.ready({ id: sbx(2) }))).toEqual({ kind: "slotMoved" });
    });

    it("that two make at once gives the cluster to one", async () => {
      await warm(stores);
      await arrive(stores);
      const [one, two] = [aSandbox.ready(), aSandbox.ready({ id: sbx(2) })];
      const answers = await Promise.all([matchOf(stores, one), matchOf(stores, two)]);
      expect(answers.filter((it) => it.kind === "matched")).toHaveLength(1);
      expect(await stores.pools.getCluster(small, cls(1))).toMatchObject({ state: "claimed", sandboxId: sbx(1) });
    });
  });

  describe("a match of a waiting sandbox", () => {
    it("readies it without asking for the owner's quota again", async () => {
      const pending = await wait(stores);
      await warm(stores);
      const sandbox = matched(pending, cls(1), now + 1);
      expect(await matchOf(stores, sandbox, { ownerQuota: 0 })).toEqual({ kind: "matched", sandbox });
      expect(await matchOf(stores, sandbox, { ownerQuota: 0 })).toEqual({ kind: "matched", sandbox });
      expect(await stores.sandboxes.get(pending.id)).toEqual(sandbox);
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([pending.id]);
      expect(await stores.pools.getSlot(small, 1)).toBeUndefined();
    });

    it("is fenced by the sandbox's version", async () => {
      const pending = await wait(stores);
      await warm(stores);
      const relabelled = { ...pending, labels: { team: "blue" }, version: 2 };
      await stores.sandboxes.save(relabelled);
      const stale = matched(pending, cls(1), now);
      expect(await matchOf(stores, stale)).toEqual({ kind: "sandboxMoved", sandbox: relabelled });
      expect(await stores.pools.getCluster(small, cls(1))).toMatchObject({ state: "available" });
    });

    it("that nobody has recorded answers that there is none", async () => {
      await warm(stores);
      await arrive(stores);
      const ready = aSandbox.ready({ version: 2 });
      expect(await matchOf(stores, ready)).toEqual({ kind: "sandboxMoved", sandbox: undefined });
    });

    it("made by the claim and by the cluster at once succeeds for both", async () => {
      const pending = await wait(stores);
      await warm(stores);
      const answers = await Promise.all([
        matchOf(stores, matched(pending, cls(1), now + 1)),
        matchOf(stores, matched(pending, cls(1), now + 2)),
      ]);
      expect(answers.map((it) => it.kind)).toEqual(["matched", "matched"]);
      expect((await stores.pools.getCluster(small, cls(1)))?.version).toBe(3);
    });
  });

  describe("a claim that must wait", () => {
    it("is recorded, counted for its owner, and confirmed in its slot", async () => {
      await arrive(stores);
      const sandbox = aSandbox.pending();
      expect(await stores.pools.enqueue(sandbox, 1)).toEqual({ kind: "enqueued" });
      expect(await stores.pools.enqueue(sandbox, 1)).toEqual({ kind: "enqueued" });
      expect(await stores.sandboxes.get(sandbox.id)).toEqual(sandbox);
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([sandbox.id]);
      expect(await stores.pools.getSlot(small, 1)).toMatchObject({ sandbox: { confirmed: true } });
    });

    it("shows the record that is there already, and leaves the slot unconfirmed", async () => {
      const sandbox = await wait(stores, 1);
      await arrive(stores, 2);
      const repeated = aSandbox.pending({ ticket: 2 });
      expect(await stores.pools.enqueue(repeated, 100)).toEqual({ kind: "exists", sandbox });
      expect(await stores.pools.getSlot(small, 2)).toMatchObject({ sandbox: { confirmed: false } });
    });

    it("is refused when its half has left the slot", async () => {
      expect(await stores.pools.enqueue(aSandbox.pending(), 100)).toEqual({ kind: "slotMoved" });
      await arrive(stores);
      await stores.pools.abandonTicket(small, 1, 0);
      expect(await stores.pools.enqueue(aSandbox.pending(), 100)).toEqual({ kind: "slotMoved" });
      expect(await stores.sandboxes.get(sbx(1))).toBeUndefined();
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toEqual([]);
    });

    it("is refused at the owner's quota, and two at once never exceed it", async () => {
      await Promise.all([1, 2].map((n) => arrive(stores, n, sbx(n))));
      const answers = await Promise.all(
        [1, 2].map((n) => stores.pools.enqueue(aSandbox.pending({ id: sbx(n), ticket: n }), 1)),
      );
      expect(answers.map((it) => it.kind).sort()).toEqual(["enqueued", "ownerQuota"]);
      expect(await stores.sandboxes.listLiveOfOwner(acme, ownerId)).toHaveLength(1);
    });
  });
}
