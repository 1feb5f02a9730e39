import { afterFailure, type BuildFailures } from "../domain/build-failures.ts";
import { type CapacityBlock, nextBlock } from "../domain/capacity.ts";
import { again, enter, isOverBudget, type ProvisionStep, provisionSteps, stepAfter } from "../domain/checklist.ts";
import { type Cluster, type ClusterAddress, type ClusterIn, type ClusterInFlight, drain } from "../domain/cluster.ts";
import { well } from "../domain/health.ts";
import type { ClusterId } from "../domain/ids.ts";
import { healthPolicyOf, type PoolConfig } from "../domain/pool.ts";
import { type Instant, secondsUntil } from "../domain/time.ts";
import type { StepOutcome } from "../ports/cluster-provider.ts";
import type { KubernetesTarget } from "../ports/kubernetes-access.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import { builtClass } from "./built-class.ts";
import { type AdvanceOutcome, type AdvancePorts, attemptStep, sendNext } from "./cluster-step.ts";
import { placeCluster } from "./place-cluster.ts";

/** One step from `requested` toward `available`. */
export async function provision(ports: AdvancePorts, cluster: ClusterInFlight): Promise<AdvanceOutcome> {
  const { pools, clock } = ports;
  const { step, note: lastNote } = cluster.progress;
  const config = await pools.getConfig(cluster.poolId);
  if (!config) return fail(ports, cluster, { note: "its pool has no configuration" });
  if (await hasFailed(ports, cluster, config)) {
    return fail(ports, cluster, { note: `${step} took longer than its budget; last seen: ${lastNote ?? "nothing"}` });
  }
  const outcome = await attemptStep(() => attempt(ports, cluster, config));
  switch (outcome.kind) {
    case "done":
      return advance(ports, cluster, config, outcome);
    case "failed":
      return fail(ports, cluster, outcome);
    case "again":
    case "capacityBlocked": {
      const { note } = outcome;
      const blocked = outcome.kind === "capacityBlocked";
      const block = blocked && asksForRoom.includes(step) ? await noteCapacity(ports, cluster, "blocked") : undefined;
      // Whoever was refused asks again when the pool may: sooner would be refused, later would leave room unused.
      const afterSeconds = block ? secondsUntil(clock(), block.until) : outcome.afterSeconds;
      const tried = again(cluster.progress, clock(), afterSeconds, note);
      // A cloud without room is not the step's fault: its budget begins when there is room again.
      const progress = blocked ? { ...tried, startedAt: tried.dueAt } : tried;
      const waiting = { ...cluster, progress, updatedAt: clock(), version: cluster.version + 1 };
      if (!(await pools.saveCluster(waiting))) return { kind: "nothing" };
      await sendNext(ports.work, waiting, afterSeconds);
      return { kind: "waiting", step, note, blocked, ...("error" in outcome && { error: outcome.error }) };
    }
  }
}

/** The steps that ask the cloud for more than there was. */
const asksForRoom: readonly ProvisionStep[] = ["create", "nodes"];

interface StepFacts {
  readonly address?: ClusterAddress;
  readonly supportEndsAt?: Instant;
}

async function attempt(
  { provider, kubernetes, pools }: AdvancePorts,
  cluster: ClusterInFlight,
  config: PoolConfig,
): Promise<StepOutcome<StepFacts>> {
  const { id } = cluster;
  switch (cluster.progress.step) {
    case "create":
      return provider.create(id, config);
    case "wait":
      return provider.awaitActive(id);
    case "access":
      return provider.grantAccess(id);
    case "nodes":
      return provider.provideNodes(id, (await builtClass(pools, cluster, config)).clusterClass);
    case "bootstrap":
      return kubernetes.bootstrap(await target(pools, cluster), await builtClass(pools, cluster, config));
    case "validate": {
      const { clusterClass } = await builtClass(pools, cluster, config);
      return kubernetes.validate(await target(pools, cluster), clusterClass.nodes);
    }
  }
}

async function target(pools: PoolStore, { id, progress }: ClusterInFlight): Promise<KubernetesTarget> {
  const address = await pools.getAddress(id);
  if (!address) throw new Error(`${id} is at ${progress.step} without an address.`);
  return { id, ...address };
}

async function advance(
  ports: AdvancePorts,
  cluster: ClusterInFlight,
  config: PoolConfig,
  { address, supportEndsAt }: StepFacts,
): Promise<AdvanceOutcome> {
  const { pools, clock, refill, work } = ports;
  const now = clock();
  const { step } = cluster.progress;
  const next = stepAfter<ProvisionStep>(provisionSteps, step);
  if (next === undefined) {
    const policy = healthPolicyOf(config);
    const placed = cluster.state === "validating" && (await placeCluster(ports, cluster, well(policy, clock())));
    if (!placed) return { kind: "nothing" };
    await Promise.all([
      refill.nudge(cluster.poolId, clock()),
      sendNext(work, placed, policy.probeEverySeconds),
      noteBuilt(pools, cluster),
    ]);
    if (cluster.availableAt !== undefined) return { kind: "cleared" };
    return { kind: "available", seconds: (clock() - cluster.createdAt) / 1000 };
  }
  const { id, poolId, createdAt, version } = cluster;
  // What the cloud was asked for; later steps may see a newer configuration.
  const revision = step === "create" ? config.revision : cluster.revision;
  const base = { id, poolId, createdAt, revision, updatedAt: now, version: version + 1 };
  const state = next === "validate" ? "validating" : "provisioning";
  const advanced: ClusterIn<"provisioning" | "validating"> = { ...base, state, progress: enter(next, now) };
  if (address) await pools.saveAddress(id, address);
  if (!(await pools.saveCluster(advanced))) return { kind: "nothing" };
  await sendNext(work, advanced);
  if (step === "create") await noteCapacity(ports, cluster, "free");
  return { kind: "advanced", step, ...(supportEndsAt !== undefined && { supportEndsAt }) };
}

/** Attempts while others account for the same pool's builds. */
const maxAttempts = 5;

async function noteFailedBuild(
  { pools, clock }: AdvancePorts,
  { poolId, revision }: ClusterInFlight,
  failed: Pick<BuildFailures, "note" | "isFinal">,
): Promise<void> {
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const before = await pools.getBuildFailures(poolId);
    if (await pools.saveBuildFailures(poolId, before, afterFailure(before, { ...failed, revision }, clock()))) return;
  }
}

async function noteBuilt(pools: PoolStore, { poolId, revision }: ClusterInFlight): Promise<void> {
  const failures = await pools.getBuildFailures(poolId);
  if (failures?.revision === revision) await pools.saveBuildFailures(poolId, failures, undefined);
}

/**
 * Begins, prolongs or lifts the pool's block on new clusters; who comes second of two leaves it to the first.
 *
 * @returns the block that holds from now on.
 */
async function noteCapacity(
  { pools, clock }: AdvancePorts,
  { poolId, id }: ClusterInFlight,
  seen: "blocked" | "free",
): Promise<CapacityBlock | undefined> {
  const block = await pools.getCapacity(poolId);
  const next = seen === "blocked" ? nextBlock(block, clock(), jitterOf(id)) : undefined;
  if (next !== block) await pools.saveCapacity(poolId, block, next);
  return next;
}

/** 0 to 1, exclusive. Ids are random, and this is as random as they are. */
function jitterOf(id: ClusterId): number {
  return [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 1009, 0) / 1009;
}

/** Seconds that a warm cluster in doubt has to prove itself: nobody gets it meanwhile, and nothing is built in its place. */
const doubtBudgetSeconds = 180;
/** When most warm clusters are in doubt at once, the cause is hardly in each of them, and tearing all of them down the worst answer. */
const commonDoubtBudgetSeconds = 1800;

/** True when the step has used up its time. */
async function hasFailed(
  { pools, clock }: AdvancePorts,
  cluster: ClusterInFlight,
  { stepBudgets }: PoolConfig,
): Promise<boolean> {
  const { progress } = cluster;
  if (!isDoubted(cluster)) return isOverBudget(progress, clock(), stepBudgets);
  const validate = Math.min(doubtBudgetSeconds, stepBudgets?.validate ?? doubtBudgetSeconds);
  if (!isOverBudget(progress, clock(), { validate })) return false;
  const clusters = (await pools.readPool(cluster.poolId))?.clusters ?? [];
  const doubted = clusters.filter(isDoubted).length;
  const isCommon = doubted > 1 && doubted > clusters.filter((it) => it.state === "available").length;
  return !isCommon || isOverBudget(progress, clock(), { validate: commonDoubtBudgetSeconds });
}

function isDoubted(cluster: Cluster): boolean {
  return cluster.state === "validating" && cluster.availableAt !== undefined;
}

async function fail(
  ports: AdvancePorts,
  cluster: ClusterInFlight,
  { note, fault }: Pick<Extract<StepOutcome, { kind: "failed" }>, "note" | "fault">,
): Promise<AdvanceOutcome> {
  const { pools, work, refill, clock } = ports;
  const { step } = cluster.progress;
  const isBuild = !isDoubted(cluster);
  const inBuilding = step === "validate" ? "validation_failed" : "provisioning_failed";
  const detail = `${step}: ${note}`;
  const draining = drain(cluster, isBuild ? inBuilding : "lost", clock(), detail);
  if (!(await pools.saveCluster(draining))) return { kind: "nothing" };
  if (isBuild) await noteFailedBuild(ports, cluster, { note: detail, isFinal: fault === "class" });
  await Promise.all([sendNext(work, draining), refill.nudge(cluster.poolId, clock())]);
  return { kind: "failed", step, note };
}
