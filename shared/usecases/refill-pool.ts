import { isBroken } from "../domain/build-failures.ts";
import { enter } from "../domain/checklist.ts";
import { type ClusterIn, drain } from "../domain/cluster.ts";
import type { ClusterId, PoolId } from "../domain/ids.ts";
import { outlookOf } from "../domain/outlook.ts";
import { countPool, observe, type PoolAction, planPool, targetOf } from "../domain/plan.ts";
import type { PoolRead } from "../ports/pool-store.ts";
import type { WorkQueue } from "../ports/queues.ts";
import { completeMatch, type PlacePorts, placeCluster, settle } from "./place-cluster.ts";

export interface RefillPorts extends PlacePorts {
  readonly work: WorkQueue;
  readonly newClusterId: () => ClusterId;
}

/** What a pass saw and did. */
export interface RefillReport {
  readonly counts: ReturnType<typeof countPool>;
  readonly target: number;
  /** Nothing more is built from the pool's class until it changes. */
  readonly classBroken: boolean;
  readonly done: readonly PoolAction["kind"][];
}

/**
 * One level-based pass over a pool: reads it whole, plans, and carries the plan out. Running it again at once does
 * nothing new; one that dies half-way is finished by the next.
 *
 * @returns `undefined` when the pool has no configuration.
 */
export async function refillPool(ports: RefillPorts, poolId: PoolId): Promise<RefillReport | undefined> {
  const { pools, clock } = ports;
  // Before the read: what an overtaken pass creates later is refused, and what it created before is seen.
  const pass = await pools.beginPass(poolId);
  const view = await pools.readPool(poolId);
  if (!view) return undefined;
  const now = clock();
  const observations = observe(view.observations, view.counters, now);
  const actions = planPool(view, now);
  for (const action of actions) await apply(ports, view, pass, action);
  // Last: whoever waits comes before bookkeeping.
  await pools.savePass(poolId, pass, { observations, outlook: outlookOf(view, now) });
  const classBroken = isBroken(view.buildFailures, view.config.revision);
  return { counts: countPool(view), target: targetOf(view), classBroken, done: actions.map((it) => it.kind) };
}

async function apply(ports: RefillPorts, view: PoolRead, pass: number, action: PoolAction): Promise<void> {
  const { pools, work } = ports;
  const { poolId } = view.config;
  const find = (id: ClusterId) => view.clusters.find((it) => it.id === id);
  const findAvailable = (id: ClusterId): ClusterIn<"available"> | undefined => {
    const cluster = find(id);
    return cluster?.state === "available" ? cluster : undefined;
  };
  switch (action.kind) {
    case "setGate":
      await pools.setGate(poolId, action.closed, action.version);
      return;
    case "match": {
      const half = view.slots.find((it) => it.n === action.slot)?.sandbox;
      const cluster = findAvailable(action.clusterId);
      if (half && cluster) await completeMatch(ports, cluster, half);
      return;
    }
    case "abandonTicket":
      await pools.abandonTicket(poolId, action.slot, view.counters.tail);
      return;
    case "dropCluster":
      await pools.dropCluster(poolId, action.slot, action.clusterId);
      return;
    case "place": {
      const cluster = findAvailable(action.clusterId);
      if (!cluster) return;
      if (action.again || !(await settle(ports, cluster))) await placeCluster(ports, cluster, cluster.health);
      return;
    }
    case "setCeiling":
      await pools.setCeiling(poolId, action.tenant, action.from, action.to);
      return;
    case "advance": {
      const cluster = find(action.clusterId);
      if (cluster) await work.send({ kind: "advanceCluster", poolId, clusterId: cluster.id, version: cluster.version });
      return;
    }
    case "create":
      for (let n = 0; n < action.count; n++) await createCluster(ports, view, pass);
      return;
    case "trim":
    case "roll": {
      const cluster = findAvailable(action.clusterId);
      if (!cluster) return;
      const isRoll = action.kind === "roll";
      const draining = drain(cluster, isRoll ? "stale" : "surplus", ports.clock());
      // One roll a pass keeps the ready floor only if no overtaken pass rolls another.
      if (!(await pools.withdrawCluster(draining, cluster.slot, isRoll ? pass : undefined))) return;
      await work.send({ kind: "advanceCluster", poolId, clusterId: cluster.id, version: draining.version });
    }
  }
}

/** The row comes first: a cluster that the cloud knows and the table does not cannot come to be here. */
async function createCluster(ports: RefillPorts, { config }: PoolRead, pass: number): Promise<void> {
  const { pools, work, clock, newClusterId } = ports;
  const { poolId, revision } = config;
  const now = clock();
  const id = newClusterId();
  const base = { id, poolId, revision, createdAt: now, updatedAt: now, version: 1 };
  const created = await pools.createCluster({ ...base, state: "requested", progress: enter("create", now) }, pass);
  if (created) await work.send({ kind: "advanceCluster", poolId, clusterId: id, version: 1 });
}
