import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextBlock } from "../../shared/domain/capacity.ts";
import type { Cluster } from "../../shared/domain/cluster.ts";
import { type PoolOperation, untouched } from "../../shared/domain/operation.ts";
import { observe, planPool, readyFloor, settleSeconds, targetOf, targetWarm } from "../../shared/domain/plan.ts";
import type { Slot } from "../../shared/domain/slot.ts";
import { acme, aView, cluster, held, now, policy, range, waiting } from "../support/pool-view.ts";

describe("the target of warm clusters", () => {
  it("keeps 20 of 100 warm when 80 are claimed at 20 percent", () => {
    expect(targetWarm(policy, 80, 0)).toBe(20);
  });
  it("is the minimum when nothing is claimed", () => {
    expect(targetWarm(policy, 0, 0)).toBe(3);
  });
  it("adds those who wait, on top of the buffer", () => {
    expect(targetWarm({ ...policy, maxTotal: 200 }, 80, 7)).toBe(27);
  });
  it("never asks for more than the ceiling leaves beside the claimed ones", () => {
    expect(targetWarm(policy, 95, 50)).toBe(5);
    expect(targetWarm({ ...policy, maxTotal: 50 }, 80, 0)).toBe(0);
  });
  it("counts whoever waits even with no minimum and no claim", () => {
    expect(targetWarm({ ...policy, minWarm: 0 }, 0, 2)).toBe(2);
  });
  it("leaves the asked share of the future total warm, within one cluster", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 99 }), (claimed, bufferPercent) => {
        const warm = targetWarm({ ...policy, minWarm: 0, maxTotal: 1e9, bufferPercent }, claimed, 0);
        expect(warm * 100).toBeGreaterThanOrEqual(bufferPercent * (warm + claimed) - 1e-6);
        if (warm > 0) expect((warm - 1) * 100).toBeLessThan(bufferPercent * (warm - 1 + claimed) + 1e-6);
      }),
    );
  });
});

describe("a plan", () => {
  it("creates 5 for 80 claimed, 12 available, 3 in flight at 20 percent", () => {
    const clusters = [
      ...range(1, 80).map((n) => cluster(n, "claimed")),
      ...range(81, 92).map((n) => cluster(n, "available")),
      ...range(93, 95).map((n) => cluster(n, "provisioning")),
    ];
    const view = aView({
      clusters,
      slots: range(81, 92).map(held),
      counters: { head: 80, tail: 92, drawn: {}, ceiling: {} },
    });
    expect(planPool(view, now)).toEqual([{ kind: "create", count: 5 }]);
  });

  it("does nothing for a pool at its target", () => {
    const view = aView({ clusters: range(1, 3).map((n) => cluster(n, "available")), slots: range(1, 3).map(held) });
    expect(planPool(view, now)).toEqual([]);
  });

  it("counts clusters that are going or quarantined toward the ceiling, but not as warm", () => {
    const clusters = [cluster(1, "deleting"), cluster(2, "quarantined")];
    expect(planPool(aView({ clusters, policy: { maxTotal: 4 } }), now)).toEqual([{ kind: "create", count: 2 }]);
  });

  it("keeps creates and deletes together within the concurrency limit", () => {
    const clusters = [cluster(1, "deleting"), cluster(2, "provisioning")];
    expect(planPool(aView({ clusters, policy: { maxConcurrent: 3 } }), now)).toEqual([{ kind: "create", count: 1 }]);
  });

  it("finishes a match whose maker died", () => {
    const slot = { ...waiting(1), ...held(1), sandbox: waiting(1).sandbox } as Slot;
    const view = aView({ clusters: [cluster(1, "available")], slots: [slot], policy: { minWarm: 0 } });
    expect(planPool(view, now)).toContainEqual({ kind: "match", slot: 1, clusterId: "cls-1" });
  });

  it("leaves a claim alone that may still be on its way", () => {
    const view = aView({
      slots: [waiting(1, false)],
      counters: { head: 1, tail: 0, drawn: {}, ceiling: {} },
      policy: { minWarm: 0 },
    });
    expect(planPool(view, now)).toEqual([]);
  });

  it("voids the tickets of claims that died, whether they reached their slot or not", () => {
    const observations = [{ at: now - settleSeconds * 1000, head: 2, drawn: {} }];
    const counters = { head: 2, tail: 0, drawn: {}, ceiling: {} };
    const view = aView({ slots: [waiting(1, false)], counters, observations, policy: { minWarm: 0 } });
    expect(planPool(view, now)).toEqual([
      { kind: "abandonTicket", slot: 1 },
      { kind: "abandonTicket", slot: 2 },
    ]);
  });

  it("frees a cluster from a slot to which nobody comes any more, and places it again", () => {
    const observations = [{ at: now - settleSeconds * 1000, head: 1, drawn: {} }];
    const counters = { head: 1, tail: 1, drawn: {}, ceiling: {} };
    const view = aView({
      clusters: [cluster(1, "available")],
      slots: [held(1)],
      counters,
      observations,
      policy: { minWarm: 1 },
    });
    expect(planPool(view, now)).toEqual([
      { kind: "abandonTicket", slot: 1 },
      { kind: "place", clusterId: "cls-1", again: true },
    ]);
  });

  it("gives whoever waits in a slot that clusters have passed by the warm cluster farthest from being reached", () => {
    const counters = { head: 1, tail: 4, drawn: {}, ceiling: {} };
    const clusters = range(2, 4).map((n) => cluster(n, "available"));
    const slots = [waiting(1), ...range(2, 4).map(held)];
    const moved = [
      { kind: "dropCluster", slot: 4, clusterId: "cls-4" },
      { kind: "place", clusterId: "cls-4", again: true },
    ];
    const view = aView({ clusters, slots, counters, policy: { minWarm: 2 } });
    expect(planPool(view, now)).toEqual(moved);
    const unpassed = { ...counters, head: 5, tail: 4 };
    expect(planPool(aView({ ...view, slots: [waiting(5)], clusters: [], counters: unpassed }), now)).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: "place" })]),
    );
  });

  it("takes a cluster without its slot straight to whoever waits in a hole", () => {
    const counters = { head: 1, tail: 2, drawn: {}, ceiling: {} };
    const view = aView({ clusters: [cluster(2, "available")], slots: [waiting(1)], counters, policy: { minWarm: 0 } });
    expect(planPool(view, now)).toEqual([{ kind: "place", clusterId: "cls-2", again: true }]);
  });

  it("puts a cluster into the slot that its record names when the slot does not know it yet", () => {
    const view = aView({
      clusters: [cluster(1, "available")],
      counters: { head: 0, tail: 1, drawn: {}, ceiling: {} },
      policy: { minWarm: 1 },
    });
    expect(planPool(view, now)).toEqual([{ kind: "place", clusterId: "cls-1", again: false }]);
  });

  it("takes a cluster's half out of a slot when the cluster cannot be handed out", () => {
    const view = aView({
      clusters: [cluster(1, "claimed")],
      slots: [held(1)],
      policy: { minWarm: 0, bufferPercent: 0 },
    });
    expect(planPool(view, now)).toEqual([{ kind: "dropCluster", slot: 1, clusterId: "cls-1" }]);
  });

  it("raises a tenant's ceiling by what ended, as of a settled moment", () => {
    const observations = [{ at: now - settleSeconds * 1000, head: 10, drawn: { [acme]: 10 } }];
    const counters = { head: 10, tail: 10, drawn: { [acme]: 10 }, ceiling: {} };
    const clusters = range(7, 10).map((n) => cluster(n, "claimed"));
    const view = aView({ clusters, counters, observations, tenantQuota: 20, policy: { minWarm: 0, bufferPercent: 0 } });
    expect(planPool(view, now)).toContainEqual({ kind: "setCeiling", tenant: acme, from: undefined, to: 26 });
  });

  it("asks again for a step whose message was lost", () => {
    const stuck = cluster(1, "deleting");
    expect(planPool(aView({ clusters: [stuck], policy: { minWarm: 0 } }), now + 61_000)).toEqual([
      { kind: "advance", clusterId: "cls-1" },
    ]);
  });

  it("trims surplus from the far end, past the cool-down only", () => {
    const clusters = range(1, 5).map((n) => cluster(n, "available"));
    const view = aView({
      clusters,
      slots: range(1, 5).map(held),
      counters: { head: 0, tail: 5, drawn: {}, ceiling: {} },
    });
    expect(planPool(view, now)).toEqual([
      { kind: "trim", clusterId: "cls-5" },
      { kind: "trim", clusterId: "cls-4" },
    ]);
    expect(
      planPool({ ...view, config: { ...view.config, policy: { ...policy, trimCoolDownSeconds: 301 } } }, now),
    ).toEqual([]);
  });

  it("never creates beyond the ceiling and never while it trims", () => {
    const counts = fc.record({
      available: fc.integer({ min: 0, max: 30 }),
      claimed: fc.integer({ min: 0, max: 30 }),
      flying: fc.integer({ min: 0, max: 10 }),
      going: fc.integer({ min: 0, max: 10 }),
      maxTotal: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(counts, ({ available, claimed, flying, going, maxTotal }) => {
        const states = [
          ...Array<"available">(available).fill("available"),
          ...Array<"claimed">(claimed).fill("claimed"),
          ...Array<"provisioning">(flying).fill("provisioning"),
          ...Array<"deleting">(going).fill("deleting"),
        ];
        const clusters = states.map((state, i) => cluster(i + 1, state));
        const slots = range(1, available).map(held);
        const actions = planPool(aView({ clusters, slots, policy: { maxTotal } }), now);
        const created = actions.reduce((sum, it) => sum + (it.kind === "create" ? it.count : 0), 0);
        expect(created === 0 || created + clusters.length <= maxTotal).toBe(true);
        expect(created > 0 && actions.some((it) => it.kind === "trim")).toBe(false);
      }),
    );
  });
});

describe("a plan for a pool that operators have asked something of", () => {
  const asked = (wish: Partial<PoolOperation>): PoolOperation => ({ ...untouched, version: 1, ...wish });
  const warm = (count: number, over: Parameters<typeof aView>[0] = {}) =>
    aView({ clusters: range(1, count).map((n) => cluster(n, "available")), slots: range(1, count).map(held), ...over });

  it("creates and trims nothing while paused, and goes on finishing matches", () => {
    const operation = asked({ mode: "paused" });
    expect(planPool(warm(1, { operation }), now)).toEqual([]);
    expect(planPool(warm(9, { operation }), now)).toEqual([]);
    expect(planPool(warm(9, { operation: asked({ mode: "paused", recycleBefore: now }) }), now)).toEqual([]);
    const slot = { ...held(1), sandbox: waiting(1).sandbox } as Slot;
    expect(planPool(warm(1, { operation, slots: [slot] }), now)).toEqual([
      { kind: "match", slot: 1, clusterId: "cls-1" },
    ]);
  });

  it("closes the gate of a pool that drains, trims what is warm at once, and creates nothing for those in line", () => {
    const operation = asked({ mode: "draining" });
    const view = warm(2, { operation, policy: { trimCoolDownSeconds: 86_400 } });
    expect(planPool(view, now)).toEqual([
      { kind: "setGate", closed: true, version: 1 },
      { kind: "trim", clusterId: "cls-2" },
      { kind: "trim", clusterId: "cls-1" },
    ]);
    expect(targetOf(view)).toBe(0);
    const counters = { head: 1, tail: 0, drawn: {}, ceiling: {}, closed: true } as const;
    expect(planPool(aView({ operation, counters, slots: [waiting(1)] }), now)).toEqual([]);
  });

  it("opens the gate again once resumed", () => {
    const counters = { head: 0, tail: 3, drawn: {}, ceiling: {}, closed: true } as const;
    expect(planPool(warm(3, { counters, operation: asked({ version: 5 }) }), now)).toEqual([
      { kind: "setGate", closed: false, version: 5 },
    ]);
  });

  it("goes by the changed policy, and by the deployment's for what was not changed", () => {
    const operation = asked({ policyOverride: { minWarm: 7, maxConcurrent: 2 } });
    expect(targetOf(aView({ operation }))).toBe(7);
    expect(planPool(aView({ operation }), now)).toEqual([{ kind: "create", count: 2 }]);
  });

  it("empties a retired pool whatever operators asked for", () => {
    const retired = { maxTotal: 0, minWarm: 0, bufferPercent: 0, trimCoolDownSeconds: 0 };
    const operation = asked({ mode: "paused", policyOverride: { minWarm: 2, maxTotal: 9 } });
    expect(planPool(warm(1, { operation, policy: retired }), now)).toEqual([{ kind: "trim", clusterId: "cls-1" }]);
    expect(planPool(aView({ operation, policy: retired }), now)).toEqual([]);
  });

  it("creates nothing while the cloud has no room, and goes on when the block ends", () => {
    const capacity = { until: now + 1, attempts: 3 };
    expect(planPool(aView({ capacity }), now)).toEqual([]);
    expect(planPool(aView({ capacity }), now + 1)).toEqual([{ kind: "create", count: 3 }]);
    expect(planPool(warm(5, { capacity }), now)).toHaveLength(2);
  });
});

describe("a recycled pool", () => {
  const operation: PoolOperation = { ...untouched, version: 1, recycleBefore: now - 1000 };
  const fresh = (n: number): Cluster => ({ ...cluster(n, "available"), createdAt: now });
  const view = (clusters: readonly Cluster[], maxTotal: number, over: Parameters<typeof aView>[0] = {}) => {
    const slots = clusters.filter((it) => it.state === "available").map((it) => held(Number(it.id.slice(4))));
    return aView({ operation, clusters, slots, policy: { maxTotal }, ...over });
  };
  const stale = (n: number) => cluster(n, "available");

  it("of target 3 and ceiling 4 is rolled one by one, each replacement warm first", () => {
    const three = [stale(1), stale(2), stale(3)];
    expect(planPool(view(three, 4), now)).toEqual([{ kind: "create", count: 1 }]);
    expect(planPool(view([...three, cluster(4, "provisioning")], 4), now)).toEqual([]);
    expect(planPool(view([...three, fresh(4)], 4), now)).toEqual([{ kind: "roll", clusterId: "cls-3" }]);
    expect(planPool(view([stale(1), stale(2), cluster(3, "deleting"), fresh(4)], 4), now)).toEqual([]);
    expect(planPool(view([stale(1), stale(2), fresh(4)], 4), now)).toEqual([{ kind: "create", count: 1 }]);
    expect(planPool(view([fresh(4), fresh(5), fresh(6)], 4), now)).toEqual([]);
  });

  it("without room under its ceiling goes down by one, and never to none", () => {
    expect(readyFloor(view([stale(1), stale(2), stale(3)], 4), now)).toBe(3);
    expect(readyFloor(view([stale(1), stale(2), stale(3)], 3), now)).toBe(2);
    expect(planPool(view([stale(1), stale(2), stale(3)], 3), now)).toEqual([{ kind: "roll", clusterId: "cls-3" }]);
    expect(planPool(view([stale(1), stale(2), cluster(3, "deleting")], 3), now)).toEqual([]);
    const single = aView({ operation, clusters: [stale(1)], slots: [held(1)], policy: { minWarm: 1, maxTotal: 1 } });
    expect(readyFloor(single, now)).toBe(1);
    expect(planPool(single, now)).toEqual([]);
  });

  it("is not rolled while somebody waits, nor into a cloud without room", () => {
    const counters = { head: 4, tail: 8, drawn: {}, ceiling: {} };
    const clusters = range(5, 8).map(stale);
    const slots = [waiting(4), ...range(5, 8).map(held)];
    expect(planPool(aView({ operation, clusters, slots, counters, policy: { maxTotal: 4 } }), now)).toEqual([
      { kind: "dropCluster", slot: 8, clusterId: "cls-8" },
      { kind: "place", clusterId: "cls-8", again: true },
    ]);
    const capacity = { until: now + 1, attempts: 1 };
    expect(planPool(view([stale(1), stale(2), stale(3)], 3, { capacity }), now)).toEqual([]);
  });

  it("counts a cluster of another class as stale too, and lets stale ones go first when there are too many", () => {
    const old = { ...fresh(1), revision: "r0" };
    const clusters = [old, fresh(2), fresh(3), fresh(4), fresh(5)];
    expect(planPool(view(clusters, 9), now + 60_000)).toEqual([{ kind: "trim", clusterId: "cls-1" }]);
    expect(planPool(view([old, fresh(2), fresh(3)], 9), now)).toEqual([{ kind: "create", count: 1 }]);
  });

  it("never has its plan take more than one stale cluster, nor go below the floor", () => {
    const counts = fc.record({
      old: fc.integer({ min: 0, max: 12 }),
      young: fc.integer({ min: 0, max: 12 }),
      flying: fc.integer({ min: 0, max: 4 }),
      going: fc.integer({ min: 0, max: 4 }),
      maxTotal: fc.integer({ min: 3, max: 40 }),
    });
    fc.assert(
      fc.property(counts, ({ old, young, flying, going, maxTotal }) => {
        const clusters = [
          ...range(1, old).map(stale),
          ...range(old + 1, old + young).map(fresh),
          ...range(30, 29 + flying).map((n) => cluster(n, "provisioning")),
          ...range(40, 39 + going).map((n) => cluster(n, "deleting")),
        ];
        const aPool = view(clusters, maxTotal);
        const actions = planPool(aPool, now);
        const rolled = actions.filter((it) => it.kind === "roll").length;
        expect(rolled).toBeLessThanOrEqual(1);
        if (rolled === 1) expect(old + young - 1).toBeGreaterThanOrEqual(Math.max(1, readyFloor(aPool, now)));
        expect(actions.some((it) => it.kind === "create") && actions.some((it) => it.kind !== "create")).toBe(false);
      }),
    );
  });
});

describe("a block of the cloud", () => {
  it("doubles with each refusal in a row, between half and all of the pause, up to ten minutes", () => {
    const pauses = (jitter: number) => {
      let block = nextBlock(undefined, now, jitter);
      return range(1, 8).map(() => {
        const seconds = (block.until - now) / 1000;
        block = nextBlock({ ...block, until: now }, now, jitter);
        return seconds;
      });
    };
    expect(pauses(0)).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
    expect(Math.max(...pauses(0.999_999))).toBe(600);
  });

  it("counts refusals during a block as one", () => {
    const block = nextBlock(undefined, now, 0.5);
    expect(nextBlock(block, block.until - 1, 0.9)).toBe(block);
    expect(nextBlock(block, block.until, 0.9).attempts).toBe(2);
  });

  it("stays a time after any number of refusals", () => {
    for (const attempts of [64, 1100, Number.MAX_SAFE_INTEGER - 1]) {
      const block = nextBlock({ until: now, attempts }, now, 0.5);
      expect(block.until - now).toBe(450_000);
      expect(Number.isSafeInteger(block.attempts)).toBe(true);
    }
  });
});

describe("observations", () => {
  it("are kept one per third of the settle time, so that one is always old enough", () => {
    let observations: ReturnType<typeof observe> = [];
    const counters = { head: 1, tail: 0, drawn: {}, ceiling: {} };
    for (let t = now; t <= now + 120_000; t += 1000) observations = observe(observations, { ...counters, head: t }, t);
    const oldest = observations[0];
    expect(observations.length).toBeLessThanOrEqual(6);
    expect(oldest && now + 120_000 - oldest.at).toBeGreaterThan(settleSeconds * 1000);
  });
});
