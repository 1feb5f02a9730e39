/** A deliberate defect of the protocol: one text in one file, replaced as the file is loaded. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Each must be found by the simulation; one whose text no longer stands in its file is a defect of this list. */
export const mutations: readonly Mutation[] = [
  {
    name: "a match overwrites whatever sandbox is there",
    file: "shared/adapters/memory/pool-store.ts",
    from: 'if (isNew ? inPlace : inPlace?.state !== "pending" || inPlace.version !== sandbox.version - 1) {',
    to: "if (false) {",
  },
  {
    name: "the owner's quota is not part of the match",
    file: "shared/adapters/memory/pool-store.ts",
    from: "if (isNew && live.size >= ownerQuota)",
    to: "if (isNew && live.size > ownerQuota)",
  },
  {
    name: "the plan does not void the tickets of the dead",
    file: "shared/domain/plan.ts",
    from: "const dead = settled(observations, now)?.head ?? 0;",
    to: "const dead = 0;",
  },
  {
    name: "the plan does not place clusters again",
    file: "shared/domain/plan.ts",
    from: 'actions.push({ kind: "place", clusterId: cluster.id, again: taken || nobodyComes || isNeededElsewhere });',
    to: "void (taken || nobodyComes || isNeededElsewhere);",
  },
  {
    name: "the plan does not ask again for lost steps",
    file: "shared/domain/plan.ts",
    from: "after(dueAtOf(it), stalledSeconds) < now",
    to: "after(dueAtOf(it), stalledSeconds) < now - 1e12",
  },
  {
    name: "released quota is never given back",
    file: "shared/domain/plan.ts",
    from: "return to === (from ?? quota) ? [] :",
    to: "return to >= 0 ? [] :",
  },
  {
    name: "an overtaken pass may create",
    file: "shared/adapters/memory/pool-store.ts",
    from: "if (pool.pass !== pass) return false;\n      clusters.set",
    to: "clusters.set",
  },
  {
    name: "a pass reads before it begins",
    file: "shared/usecases/refill-pool.ts",
    from: "const pass = await pools.beginPass(poolId);\n  const view = await pools.readPool(poolId);",
    to: "const view = await pools.readPool(poolId);\n  const pass = await pools.beginPass(poolId);",
  },
  {
    name: "a sandbox's end ignores what changed meanwhile",
    file: "shared/adapters/memory/sandbox-store.ts",
    from: "if (inPlace?.version !== ended.version - 1) return isDeepStrictEqual(inPlace, ended);",
    to: "",
  },
  {
    name: "a cluster's record is saved over a newer one",
    file: "shared/adapters/memory/pool-store.ts",
    from: "if (inPlace?.version !== cluster.version - 1) return isDeepStrictEqual(inPlace, cluster);\n      clusters.set",
    to: "clusters.set",
  },
  {
    name: "the ceiling of the pool is ignored",
    file: "shared/domain/plan.ts",
    from: "    policy.maxTotal - total,\n",
    to: "",
  },
  {
    name: "a pool that is not open is filled",
    file: "shared/domain/plan.ts",
    from: 'return effectiveMode(view) === "open" && !isBlocked(view.capacity, now);',
    to: "return !isBlocked(view.capacity, now);",
  },
  {
    name: "stale clusters are rolled whatever stays warm",
    file: "shared/domain/plan.ts",
    from: "return stale && available > readyFloor(view, now) ?",
    to: "return stale ?",
  },
  {
    name: "a stale cluster is rolled into a pool without room, down to none",
    file: "shared/domain/plan.ts",
    from: "Math.min(target, Math.max(1, target - 1))",
    to: "0",
  },
  {
    name: "stale clusters are not replaced",
    file: "shared/domain/plan.ts",
    from: "return targetOf(view) + (nextStale(view, now) ? 1 : 0);",
    to: "return targetOf(view);",
  },
  {
    name: "a gate that a crash left open stays open",
    file: "shared/domain/plan.ts",
    from: "    ...gate(view),\n",
    to: "",
  },
  {
    name: "the plan does not fill holes",
    file: "shared/domain/plan.ts",
    from: "return [...actions, ...fillHoles({ slots, clusters, counters })];",
    to: "return actions;",
  },
  {
    name: "a dead cluster keeps its sandbox",
    file: "shared/usecases/probe-cluster.ts",
    from: 'if (!isLost(health, seen.kind === "gone", policy, clock()))',
    to: "if (true)",
  },
  {
    name: "a warm cluster in doubt stays where it is",
    file: "shared/usecases/probe-cluster.ts",
    from: 'if (cluster.state === "available") return suspect(ports, cluster, note);',
    to: "",
  },
  {
    name: "a bad probe of a claimed cluster is written over whatever became of it",
    file: "shared/usecases/probe-cluster.ts",
    from: "updatedAt: now, version: cluster.version + 1 };",
    to: "updatedAt: now, version: ((await pools.getCluster(cluster.poolId, cluster.id))?.version ?? 0) + 1 };",
  },
  {
    name: "a class that failed to build is never tried again",
    file: "shared/domain/plan.ts",
    from: "<= now && !clusters.some(isInFlight) ? 1 : 0;",
    to: "<= 0 && !clusters.some(isInFlight) ? 1 : 0;",
  },
];
