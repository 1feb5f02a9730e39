import type { Cluster } from "./cluster.ts";
import type { ClusterId } from "./ids.ts";
import { after, type Instant } from "./time.ts";

/** One resource in the cloud that carries this deployment's mark. */
export interface Holding {
  /** The cluster that it is or belongs to. */
  readonly clusterId: ClusterId;
  /** `cluster/…`, `volume/vol-…` */
  readonly resource: string;
  /** Where the cloud tells it. */
  readonly createdAt?: Instant;
}

/** A complete look at what the cloud holds for the deployment. */
export interface CloudLook {
  /** When the look began. */
  readonly at: Instant;
  readonly held: readonly Holding[];
  /** Clusters that the cloud lists, and does not know when asked for. */
  readonly ghosts: readonly ClusterId[];
}

/** Where cloud and records disagree. `resources` and `note` are the evidence. */
export type Finding =
  /** The cloud holds it, and there is no record of the cluster. */
  | { readonly kind: "orphan"; readonly clusterId: ClusterId; readonly resources: readonly string[] }
  /** The cloud holds it, and the cluster's record says that nothing is left. */
  | { readonly kind: "leak"; readonly clusterId: ClusterId; readonly resources: readonly string[] }
  /** The record is in a state that has a cluster, and the cloud holds none. */
  | { readonly kind: "vanished"; readonly cluster: Cluster }
  /** The cloud lists a cluster that it does not know when asked, and that should be gone: its own list is late. */
  | { readonly kind: "ghost"; readonly clusterId: ClusterId };

/** No cluster of this age is believed to be without a record: a human may be looking at it. */
const orphanSeconds = 900;
/** The cloud's lists may show what is gone for a while, and may not show yet what is there. */
const lagSeconds = 600;

/**
 * Compares what the cloud holds with the records of its clusters, both ways.
 *
 * The order of the reads carries the argument: **first the cloud, then the open records, then the closed ones.**
 * - A cluster's row is written before the cloud is asked, and leaves its pool in the write that closes it. So what the cloud
 *   held during the look has a record that is read after it, open or closed; no record of either kind is an orphan. A cluster
 *   that was asked for after the look is not in it.
 * - A record that was closed since shortly before the look says nothing about what the look saw.
 * - A cluster is deleted in the cloud only after its record says that it is torn down. So one that is warm or claimed in a
 *   record read after the look, and was so before it, was there during the look, unless somebody else took it away.
 *   Of a tear-down the cloud may hold anything or nothing, and of a creation that has just been asked for too: these notice by
 *   their own steps.
 *
 * Lists lag and humans err, so young ones are left alone: what was created, closed or warm since less than a quarter of an hour.
 * Whoever acts on a finding looks at its cluster once more first, in the same order.
 *
 * Example: the cloud holds a volume of `cls-1`, whose record was closed an hour ago → a leak; closed a minute ago → nothing.
 *
 * @param records every open one, and the closed ones of clusters that the look names.
 */
export function reconcile(look: CloudLook, records: readonly Cluster[]): Finding[] {
  const byId = new Map(records.map((it) => [it.id, it]));
  const held = Map.groupBy(look.held, (it) => it.clusterId);
  const findings = [...held].flatMap(([clusterId, holdings]): Finding[] => {
    const record = byId.get(clusterId);
    const resources = holdings.map((it) => it.resource);
    if (!record) return isYoung(holdings, look.at) ? [] : [{ kind: "orphan", clusterId, resources }];
    return isLongClosed(record, look.at) ? [{ kind: "leak", clusterId, resources }] : [];
  });
  const vanished = records
    .filter((it) => isExpected(it, look.at) && !held.get(it.id)?.some(isTheCluster))
    .map((cluster): Finding => ({ kind: "vanished", cluster }));
  const ghosts = look.ghosts
    .filter((id) => isGhost(byId.get(id), look.at))
    .map((clusterId): Finding => ({ kind: "ghost", clusterId }));
  return [...findings, ...vanished, ...ghosts];
}

function isTheCluster({ resource }: Holding): boolean {
  return resource.startsWith("cluster/");
}

/** The youngest counts: somebody who makes the parts of one cluster is not done with it. */
function isYoung(holdings: readonly Holding[], at: Instant): boolean {
  return holdings.some(({ createdAt }) => createdAt !== undefined && after(createdAt, orphanSeconds) > at);
}

function isLongClosed(record: Cluster, at: Instant): boolean {
  return record.state === "deleted" && after(record.deletedAt, lagSeconds) <= at;
}

/** An open record explains its ghost: it vanished, or its own steps wait for it to go. */
function isGhost(record: Cluster | undefined, at: Instant): boolean {
  return !record || isLongClosed(record, at);
}

function isExpected(cluster: Cluster, at: Instant): boolean {
  const since = thereSince(cluster);
  return since !== undefined && after(since, lagSeconds) <= at;
}

/** Since when the cloud must hold the cluster; `undefined` when it need not. */
function thereSince(cluster: Cluster): Instant | undefined {
  switch (cluster.state) {
    case "available":
    case "claimed":
      return cluster.availableAt;
    case "provisioning":
    case "validating":
      return cluster.progress.step === "create" ? undefined : cluster.progress.startedAt;
    case "requested":
    case "draining":
    case "deleting":
    case "quarantined":
    case "deleted":
      return undefined;
  }
}
