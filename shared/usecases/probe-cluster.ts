import { type ClusterIn, doubt } from "../domain/cluster.ts";
import { ailing, doubtSeconds, type Health, isLost, well } from "../domain/health.ts";
import { healthPolicyOf, type PoolConfig } from "../domain/pool.ts";
import { after, secondsUntil } from "../domain/time.ts";
import type { Probe } from "../ports/cluster-provider.ts";
import { builtClass } from "./built-class.ts";
import { type AdvanceOutcome, type AdvancePorts, sendNext } from "./cluster-step.ts";
import { endSandbox } from "./end-sandbox.ts";

type Watched = ClusterIn<"available" | "claimed">;

/**
 * Looks whether a warm or claimed cluster is well, and asks for the next look. A warm one in doubt leaves its slot at once and
 * is validated again; a claimed one gets time, for its user may be at work on it, and is lost only when it stays away.
 */
export async function probe(ports: AdvancePorts, cluster: Watched): Promise<AdvanceOutcome> {
  const { pools, clock } = ports;
  const config = await pools.getConfig(cluster.poolId);
  if (!config) return { kind: "nothing" };
  const seen = await look(ports, cluster, config).catch((error: unknown) => ({ kind: "unseen", error }) as const);
  if (seen.kind === "unseen") {
    // The cloud did not let us look: that says nothing of the cluster.
    return keep(ports, cluster, { ...cluster.health, dueAt: after(clock(), doubtSeconds) }, seen);
  }
  const policy = healthPolicyOf(config);
  if (seen.kind === "well") return keep(ports, cluster, well(policy, clock()), { kind: "well" });
  const { note } = seen;
  if (cluster.state === "available") return suspect(ports, cluster, note);
  const health = ailing(cluster.health, note, clock());
  if (!isLost(health, seen.kind === "gone", policy, clock()))
    return keep(ports, cluster, health, { kind: "ailing", note });
  const sandbox = await ports.sandboxes.get(cluster.sandboxId);
  if (sandbox?.state !== "ready" && sandbox?.state !== "active") return { kind: "nothing" };
  return (await endSandbox(ports, sandbox, "lost")) ? { kind: "lost", note } : { kind: "nothing" };
}

async function look(
  { pools, provider, kubernetes }: AdvancePorts,
  cluster: Watched,
  config: PoolConfig,
): Promise<Probe> {
  const { id } = cluster;
  const inCloud = await provider.inspect(id);
  if (inCloud.kind !== "well") return inCloud;
  const address = await pools.getAddress(id);
  if (!address) return { kind: "ailing", note: "its address is not on record" };
  const target = { id, ...address };
  if (cluster.state === "claimed") return kubernetes.reach(target);
  const { clusterClass } = await builtClass(pools, cluster, config);
  return kubernetes.probe(target, clusterClass.nodes);
}

async function keep<Outcome extends AdvanceOutcome>(
  { pools, work, clock }: AdvancePorts,
  cluster: Watched,
  health: Health,
  outcome: Outcome,
): Promise<Outcome | { readonly kind: "nothing" }> {
  const now = clock();
  const kept = { ...cluster, health, updatedAt: now, version: cluster.version + 1 };
  if (!(await pools.saveCluster(kept))) return { kind: "nothing" };
  await sendNext(work, kept, secondsUntil(now, health.dueAt));
  return outcome;
}

/** Out of its slot first: nobody should be handed a cluster that is in doubt. One that a claim has met meanwhile stays. */
async function suspect(
  { pools, work, refill, clock }: AdvancePorts,
  cluster: ClusterIn<"available">,
  note: string,
): Promise<AdvanceOutcome> {
  const doubted = doubt(cluster, note, clock());
  if (!(await pools.withdrawCluster(doubted, cluster.slot))) return { kind: "nothing" };
  await Promise.all([sendNext(work, doubted), refill.nudge(cluster.poolId, clock())]);
  return { kind: "suspected", note };
}
