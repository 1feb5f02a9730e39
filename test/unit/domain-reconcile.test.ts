import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../shared/domain/cluster.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import { type CloudLook, type Holding, reconcile } from "../../shared/domain/reconcile.ts";
import { aCluster, now } from "../support/builders.ts";

const id = asId<ClusterId>("cls-1");
const minutes = (count: number) => count * 60_000;
const volume: Holding = { clusterId: id, resource: "volume/vol-1", createdAt: now - minutes(60) };
const cluster: Holding = { clusterId: id, resource: "cluster/one-cls-1", createdAt: now - minutes(60) };
const aLook = (facts: Partial<CloudLook> = {}): CloudLook => ({ at: now, held: [], ghosts: [], ...facts });
const closed = (minutesAgo: number) => aCluster.deleted({ deletedAt: now - minutes(minutesAgo) });
const long = { startedAt: now - minutes(30), attempts: 1, dueAt: now };

describe("what the cloud holds", () => {
  it("and no record knows is an orphan, with everything that belongs to it", () => {
    expect(reconcile(aLook({ held: [cluster, volume] }), [])).toEqual([
      { kind: "orphan", clusterId: id, resources: ["cluster/one-cls-1", "volume/vol-1"] },
    ]);
  });

  it("is no orphan while any of it is young", () => {
    const young = { ...volume, createdAt: now - minutes(14) };
    expect(reconcile(aLook({ held: [cluster, young] }), [])).toEqual([]);
    const grown = { ...volume, createdAt: now - minutes(15) };
    expect(reconcile(aLook({ held: [cluster, grown] }), [])).toHaveLength(1);
  });

  it("without telling its age is an orphan at once: a row is written before any cloud call", () => {
    const group = { clusterId: id, resource: "security-group/sg-1" };
    expect(reconcile(aLook({ held: [group] }), [])).toMatchObject([{ kind: "orphan" }]);
  });

  it("of a closed record is a leak, but not right after the closing", () => {
    expect(reconcile(aLook({ held: [volume] }), [closed(10)])).toEqual([
      { kind: "leak", clusterId: id, resources: ["volume/vol-1"] },
    ]);
    expect(reconcile(aLook({ held: [volume] }), [closed(9)])).toEqual([]);
    expect(reconcile(aLook({ held: [volume] }), [closed(-1)])).toEqual([]);
  });

  it.each([
    aCluster.requested(),
    aCluster.provisioning(),
    aCluster.validating(),
    aCluster.available(),
    aCluster.draining(),
    aCluster.deleting(),
    aCluster.quarantined(),
  ])("of a cluster that is $state is as it should be", (record) => {
    expect(reconcile(aLook({ held: [cluster, volume] }), [record])).toEqual([]);
  });

  it("tells clusters apart", () => {
    const other = asId<ClusterId>("cls-2");
    const held = [volume, { ...volume, clusterId: other, resource: "volume/vol-2" }];
    expect(reconcile(aLook({ held }), [closed(60)])).toEqual([
      { kind: "leak", clusterId: id, resources: ["volume/vol-1"] },
      { kind: "orphan", clusterId: other, resources: ["volume/vol-2"] },
    ]);
  });
});

describe("what the cloud does not hold", () => {
  const availableAt = now - minutes(30);
  const expected: Cluster[] = [
    aCluster.available({ availableAt }),
    aCluster.provisioning({ progress: { ...long, step: "wait" } }),
    aCluster.provisioning({ progress: { ...long, step: "access" } }),
    aCluster.validating({ progress: { ...long, step: "validate" } }),
  ];
  it.each(expected)("has vanished when its record is $state", (record) => {
    expect(reconcile(aLook(), [record])).toEqual([{ kind: "vanished", cluster: record }]);
    expect(reconcile(aLook({ held: [volume] }), [record])).toEqual([{ kind: "vanished", cluster: record }]);
    expect(reconcile(aLook({ held: [cluster] }), [record])).toEqual([]);
  });

  const mayBeAbsent: Cluster[] = [
    aCluster.requested({ progress: { ...long, step: "create" } }),
    aCluster.provisioning({ progress: { ...long, step: "create" } }),
    aCluster.draining({ progress: { ...long, step: "revoke" } }),
    aCluster.deleting({ progress: { ...long, step: "verify" } }),
    aCluster.quarantined({ quarantinedAt: availableAt }),
    closed(60),
  ];
  it.each(mayBeAbsent)("may be absent when its record is $state", (record) => {
    expect(reconcile(aLook(), [record])).toEqual([]);
  });

  it("may be too new for the cloud's list", () => {
    expect(reconcile(aLook(), [aCluster.available({ availableAt: now - minutes(9) })])).toEqual([]);
    expect(reconcile(aLook(), [aCluster.available({ availableAt: now + minutes(1) })])).toEqual([]);
  });
});

describe("a ghost", () => {
  const look = aLook({ ghosts: [id] });

  it("is a cluster in the list that the cloud does not know and that should be gone", () => {
    expect(reconcile(look, [])).toEqual([{ kind: "ghost", clusterId: id }]);
    expect(reconcile(look, [closed(60)])).toEqual([{ kind: "ghost", clusterId: id }]);
  });

  it("is nothing new while the cluster's own steps wait for its end, or shortly after", () => {
    expect(reconcile(look, [aCluster.deleting()])).toEqual([]);
    expect(reconcile(look, [closed(1)])).toEqual([]);
  });

  it("does not stand in for a cluster that must be there", () => {
    const warm = aCluster.available({ availableAt: now - minutes(30) });
    expect(reconcile(look, [warm])).toEqual([{ kind: "vanished", cluster: warm }]);
  });
});

/**
 * The lawful life of one cluster as instants: row, creation, warm, draining, gone from the cloud, closed. The look sees each
 * resource at some moment of its own, and each record is read at a moment after the look.
 */
describe("a cluster whose life follows the rules", () => {
  const gap = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: minutes(40) }));

  it("is never a finding, whenever looks and reads fall into it", () => {
    fc.assert(
      fc.property(
        fc.array(gap, { minLength: 6, maxLength: 6 }),
        fc.array(gap, { minLength: 4, maxLength: 4 }),
        gap,
        (life, reads, offset) => {
          const [row = 0, made = 0, warm = 0, draining = 0, gone = 0, end = 0] = sums(now, life);
          const [at = 0, sawCluster = 0, sawVolume = 0, read = 0] = sums(now - minutes(20) + offset * 3, reads);
          const held = [
            ...(made <= sawCluster && sawCluster < gone ? [{ ...cluster, createdAt: made }] : []),
            ...(warm <= sawVolume && sawVolume < gone ? [{ ...volume, createdAt: warm }] : []),
          ];
          const record = recordAt(read, { row, made, warm, draining, end });
          expect(reconcile({ at, held, ghosts: [] }, record ? [record] : [])).toEqual([]);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  function sums(from: number, gaps: readonly number[]): number[] {
    let sum = from;
    return gaps.map((it) => {
      sum += it;
      return sum;
    });
  }

  function recordAt(
    at: number,
    life: Record<"row" | "made" | "warm" | "draining" | "end", number>,
  ): Cluster | undefined {
    if (at < life.row) return undefined;
    if (at < life.made) return aCluster.requested({ createdAt: life.row });
    const step = { startedAt: life.made, attempts: 1, dueAt: at };
    if (at < life.warm) return aCluster.provisioning({ progress: { ...step, step: "wait" } });
    if (at < life.draining) return aCluster.available({ availableAt: life.warm });
    if (at < life.end) return aCluster.deleting({ drainedAt: life.draining });
    return aCluster.deleted({ deletedAt: life.end });
  }
});
