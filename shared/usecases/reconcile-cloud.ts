import type { Cluster } from "../domain/cluster.ts";
import type { ClusterId } from "../domain/ids.ts";
import { type CloudLook, type Finding, reconcile } from "../domain/reconcile.ts";
import type { Clock } from "../ports/clock.ts";
import type { CloudInventory } from "../ports/cloud-inventory.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { WorkQueue } from "../ports/queues.ts";
import { findCluster } from "./find-cluster.ts";

export interface ReconcilePorts {
  readonly inventory: CloudInventory;
  readonly pools: Pick<PoolStore, "listConfigs" | "readPool" | "getCluster" | "getClosedCluster">;
  readonly work: WorkQueue;
  readonly clock: Clock;
}

/** What becomes of what the cloud holds and no record of ours explains. */
export type OrphanMode = "report" | "delete";

/** A finding that a second look confirmed, and what was asked for because of it. */
export interface Reconciled {
  readonly finding: Finding;
  readonly action: "removal" | "probe" | "none";
}

/**
 * One pass of the janitor: compares what the cloud holds with the records, looks at each disagreement once more, and has the
 * worker act on those that stand: what a closed record left behind is removed in any mode, orphans in mode `delete` only, a
 * warm or claimed cluster that vanished is probed. Running it again does nothing new.
 *
 * @throws when a look at the cloud is incomplete: nothing has been asked for by then.
 */
export async function reconcileCloud(ports: ReconcilePorts, orphans: OrphanMode): Promise<readonly Reconciled[]> {
  const { inventory, pools, clock } = ports;
  const look = { at: clock(), ...(await inventory.look()) };
  const candidates = reconcile(look, await recordsFor(pools, look));
  const confirmed: Finding[] = [];
  for (const candidate of candidates) {
    const finding = await lookAgain(ports, candidate);
    if (finding) confirmed.push(finding);
  }
  const done: Reconciled[] = [];
  for (const finding of confirmed) done.push({ finding, action: await act(ports.work, finding, orphans) });
  return done;
}

/** Every open record, then the closed ones that the look asks about: in this order no record is missed between its two places. */
async function recordsFor(pools: ReconcilePorts["pools"], { held, ghosts }: CloudLook): Promise<readonly Cluster[]> {
  const configs = await pools.listConfigs();
  const open = (await Promise.all(configs.map(({ poolId }) => pools.readPool(poolId)))).flatMap(
    (it) => it?.clusters ?? [],
  );
  const known = new Set(open.map((it) => it.id));
  const unknown = new Set([...held.map((it) => it.clusterId), ...ghosts].filter((id) => !known.has(id)));
  const closed = await Promise.all([...unknown].map((id) => pools.getClosedCluster(id)));
  return [...open, ...closed.flatMap((it) => it ?? [])];
}

/** The same finding from a second look at its cluster and a second read of its record. */
async function lookAgain(
  { inventory, pools, clock }: ReconcilePorts,
  { kind, ...it }: Finding,
): Promise<Finding | undefined> {
  const id: ClusterId = "cluster" in it ? it.cluster.id : it.clusterId;
  const look = { at: clock(), ...(await inventory.lookAt(id)) };
  const record = await findCluster(pools, id);
  return reconcile(look, record ? [record] : []).find((finding) => finding.kind === kind);
}

async function act(work: WorkQueue, finding: Finding, orphans: OrphanMode): Promise<Reconciled["action"]> {
  switch (finding.kind) {
    case "orphan":
      if (orphans === "report") return "none";
      await work.send({ kind: "removeOrphan", clusterId: finding.clusterId, attempts: 0 });
      return "removal";
    case "leak":
      await work.send({ kind: "removeOrphan", clusterId: finding.clusterId, attempts: 0 });
      return "removal";
    case "vanished": {
      const { state, poolId, id, version } = finding.cluster;
      // The checklists of the others look at the cloud themselves.
      if (state !== "available" && state !== "claimed") return "none";
      await work.send({ kind: "advanceCluster", poolId, clusterId: id, version });
      return "probe";
    }
    case "ghost":
      return "none";
  }
}
