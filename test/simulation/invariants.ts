import type { ClusterId, PoolId, SandboxId, TenantId } from "../../shared/domain/ids.ts";
import { deadlineOf } from "../../shared/domain/lease.ts";
import { mayClusterBecome, maySandboxBecome } from "../../shared/domain/lifecycle.ts";
import { effectiveMode, effectivePolicy } from "../../shared/domain/operation.ts";
import { countPool, targetOf } from "../../shared/domain/plan.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { isLive, type Sandbox } from "../../shared/domain/sandbox.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import type { SandboxStore } from "../../shared/ports/sandbox-store.ts";
import { checkOperationAtRest } from "./operation-invariants.ts";
import { type Scheduler, Violation } from "./scheduler.ts";

interface Cloud {
  readonly exists: (id: ClusterId) => boolean;
  readonly deadSince: (id: ClusterId) => Instant | undefined;
  readonly made: ReadonlyMap<ClusterId, number>;
}

/** A sandbox may stay past its deadline for two sweeps, a lost message and a retry: what docs/claim.md promises. */
const reapedWithin = 10 * 60_000;
/**
 * A claimed cluster that died is noticed within so many minutes in which a pass came to its end: three looks, and for each one
 * whose message or process was lost another minute's pass.
 */
const noticedWithinMinutes = 9;
/** Passes that were not interrupted, after which nobody waits beside a warm cluster any more. */
const matchedWithinPasses = 3;

/** When each pass began that came to its end. */
type CompletedPasses = readonly number[];

/**
 * The stores, watched from inside: what each write really did, whoever asked for it and whatever became of the answer.
 * Throws a `Violation` at the write that breaks an invariant.
 */
export function watch(
  pools: PoolStore,
  sandboxes: SandboxStore,
  config: PoolConfig,
  claims: Set<SandboxId>,
  passes: CompletedPasses,
  { deadSince }: Pick<Cloud, "deadSince">,
) {
  const holder = new Map<ClusterId, SandboxId>();
  const held = new Map<SandboxId, ClusterId>();
  const owners = new Map<string, Set<SandboxId>>();
  const ownerKey = ({ tenant, ownerId }: Pick<Sandbox, "tenant" | "ownerId">) => `${tenant}/${ownerId}`;
  const clusters = new Set<ClusterId>();
  const placedAt = new Map<ClusterId, Instant>();
  const races = new Map<string, number>();
  const race = (name: string) => races.set(name, (races.get(name) ?? 0) + 1);

  function admit(sandbox: Sandbox) {
    claims.add(sandbox.id);
    const live = owners.get(ownerKey(sandbox)) ?? new Set();
    live.add(sandbox.id);
    owners.set(ownerKey(sandbox), live);
    if (live.size > config.quotas.owner) throw new Violation("owner quota", `${ownerKey(sandbox)} holds ${live.size}`);
  }

  const watchedPools: PoolStore = {
    ...pools,
    async match(args) {
      const before = await sandboxes.get(args.sandbox.id);
      const answer = await pools.match(args);
      if (answer.kind !== "matched") race(`match: ${answer.kind}`);
      const after = await sandboxes.get(args.sandbox.id);
      if (answer.kind !== "matched" || before?.version === after?.version) return answer;
      const { clusterId } = args;
      const other = holder.get(clusterId);
      if (other !== undefined && other !== args.sandbox.id) {
        throw new Violation("one cluster, one sandbox", `${clusterId} went to ${other} and to ${args.sandbox.id}`);
      }
      const had = held.get(args.sandbox.id);
      if (had !== undefined && had !== clusterId) {
        throw new Violation("one sandbox, one cluster", `${args.sandbox.id} got ${had} and ${clusterId}`);
      }
      holder.set(clusterId, args.sandbox.id);
      held.set(args.sandbox.id, clusterId);
      if (!before) admit(args.sandbox);
      return answer;
    },
    async enqueue(sandbox, ownerQuota) {
      const before = await sandboxes.get(sandbox.id);
      const answer = await pools.enqueue(sandbox, ownerQuota);
      if (answer.kind !== "enqueued") race(`enqueue: ${answer.kind}`);
      if (answer.kind === "enqueued" && !before) admit(sandbox);
      return answer;
    },
    async takeSlotForSandbox(poolId, n, half) {
      const answer = await pools.takeSlotForSandbox(poolId, n, half);
      if (answer.kind === "refused") race("ticket void on arrival");
      else if (!answer.slot.cluster && answer.slot.clusterGone) race("cluster left before the ticket came");
      return answer;
    },
    async takeSlotForCluster(poolId, n, half) {
      const answer = await pools.takeSlotForCluster(poolId, n, half);
      if (answer.kind === "refused") race("slot void on placing");
      return answer;
    },
    async createCluster(cluster, pass) {
      const created = await pools.createCluster(cluster, pass);
      if (!created) race("pass overtaken");
      if (created) clusters.add(cluster.id);
      const total = (await pools.readPool(cluster.poolId))?.clusters.length ?? 0;
      if (total > config.policy.maxTotal)
        throw new Violation("ceiling", `${total} of ${config.policy.maxTotal} clusters`);
      return created;
    },
    async saveCluster(cluster) {
      const before = await pools.getCluster(cluster.poolId, cluster.id);
      const saved = await pools.saveCluster(cluster);
      if (!saved) race("cluster changed meanwhile");
      const slot = before?.state === "available" ? before.slot : undefined;
      if (saved && cluster.state === "available" && cluster.slot !== slot) placedAt.set(cluster.id, cluster.updatedAt);
      if (
        saved &&
        before?.state === "claimed" &&
        (cluster.state !== "claimed" || cluster.sandboxId !== before.sandboxId)
      ) {
        throw new Violation("a claimed cluster stays its sandbox's", `${cluster.id} became ${cluster.state}`);
      }
      if (saved && before && before.state !== cluster.state && !mayClusterBecome(before.state, cluster.state)) {
        throw new Violation("life cycle", `${cluster.id} went from ${before.state} to ${cluster.state}`);
      }
      return saved;
    },
  };
  const watchedSandboxes: SandboxStore = {
    ...sandboxes,
    async save(sandbox) {
      const saved = await sandboxes.save(sandbox);
      if (!saved) race("sandbox changed meanwhile");
      return saved;
    },
    async end(before, ended, cluster) {
      if (!maySandboxBecome(before.state, ended.state)) {
        throw new Violation("life cycle", `${ended.id} went from ${before.state} to ${ended.state}`);
      }
      const died = "clusterId" in before ? deadSince(before.clusterId) : undefined;
      const minutes = new Set(passes.filter((begun) => begun > (died ?? begun)).map((it) => Math.floor(it / 60_000)));
      if (ended.reason !== "lost" && minutes.size > noticedWithinMinutes)
        throw new Violation(
          "a dead cluster is noticed",
          `${before.id} had one for ${minutes.size} minutes with a pass`,
        );
      if (ended.reason === "queue_timeout") await checkWaitedForNothing(pools, before, passes, placedAt);
      const done = await sandboxes.end(before, ended, cluster);
      if (done) owners.get(ownerKey(before))?.delete(before.id);
      else race("end lost to a change");
      return done;
    },
  };
  return { pools: watchedPools, sandboxes: watchedSandboxes, races, held, clusters };
}

/** Whoever gives up waiting did not do so beside a cluster that some passes had found warm. */
async function checkWaitedForNothing(
  pools: PoolStore,
  { id, poolId, createdAt }: Sandbox,
  passes: CompletedPasses,
  placedAt: ReadonlyMap<ClusterId, Instant>,
): Promise<void> {
  const view = await pools.readPool(poolId);
  for (const cluster of view?.clusters ?? []) {
    if (cluster.state !== "available" || cluster.slot <= (view?.counters.head ?? 0)) continue;
    const both = Math.max(placedAt.get(cluster.id) ?? cluster.availableAt, createdAt);
    if (passes.filter((begun) => begun > both).length < matchedWithinPasses) continue;
    throw new Violation("nobody waits beside a warm cluster", `${id} gave up beside ${cluster.id}`);
  }
}

/** What must hold when nothing is left to do but the minute's sweeps. */
export async function checkAtRest(
  scheduler: Scheduler,
  { pools, sandboxes }: { pools: PoolStore; sandboxes: SandboxStore },
  config: PoolConfig,
  { claims, answered, cloud }: { claims: ReadonlySet<SandboxId>; answered: ReadonlySet<SandboxId>; cloud: Cloud },
): Promise<void> {
  const now = scheduler.now();
  const view = await pools.readPool(config.poolId);
  if (!view) throw new Violation("rest", "the pool is gone");
  checkOperationAtRest(view, now);
  const live = new Map<TenantId, number>();
  for (const id of new Set([...claims, ...answered])) {
    const sandbox = await sandboxes.get(id);
    if (!sandbox) throw new Violation("no claim is forgotten", `${id} was answered and has no record`);
    if (sandbox.state === "terminating") {
      const cluster = view.clusters.find((it) => it.id === sandbox.clusterId);
      // A quarantined cluster keeps its sandbox from its end until an operator has removed the cause.
      if (cluster?.state !== "quarantined") throw new Violation("rest", `${id} is still terminating`);
    }
    if (!isLive(sandbox)) continue;
    live.set(sandbox.tenant, (live.get(sandbox.tenant) ?? 0) + 1);
    const { at, reason } = deadlineOf(sandbox);
    if (at + reapedWithin < now)
      throw new Violation("expired sandboxes end", `${id} is ${sandbox.state} past ${reason}`);
    if (sandbox.state === "pending") {
      const slot = view.slots.find((it) => it.n === sandbox.ticket);
      if (slot?.sandbox?.sandboxId !== id)
        throw new Violation("whoever waits is in line", `${id} is not in slot ${sandbox.ticket}`);
      continue;
    }
    const cluster = view.clusters.find((it) => it.id === sandbox.clusterId);
    if (cluster?.state !== "claimed" || cluster.sandboxId !== id) {
      throw new Violation(
        "a ready sandbox has its cluster",
        `${id} has ${sandbox.clusterId}, which is ${cluster?.state}`,
      );
    }
  }
  const waiting = view.slots.filter((it) => it.sandbox?.confirmed && !it.cluster).length;
  const { available, inFlight, total } = countPool(view);
  if (effectiveMode(view) === "open" && available + inFlight < targetOf(view) && total < effectivePolicy(view).maxTotal)
    throw new Violation("the pool comes back to its target", `${available} of ${targetOf(view)} are warm`);
  const idle = view.clusters.filter((it) => it.state === "available");
  if (waiting > 0 && idle.length > 0)
    throw new Violation("nobody waits beside a warm cluster", `${waiting} wait, ${idle.length} warm`);
  for (const cluster of idle) {
    const slot = view.slots.find((it) => it.n === cluster.slot);
    if (slot?.cluster?.clusterId !== cluster.id || slot.n <= view.counters.head) {
      throw new Violation(
        "a warm cluster can be claimed",
        `${cluster.id} names slot ${cluster.slot}, head ${view.counters.head}`,
      );
    }
  }
  for (const cluster of view.clusters) {
    if (cluster.state === "available" || cluster.state === "claimed") {
      if (!cloud.exists(cluster.id) || cloud.deadSince(cluster.id) !== undefined)
        throw new Violation("a dead cluster is noticed", `${cluster.id} is ${cluster.state}`);
    }
    if (cluster.state === "claimed") {
      const sandbox = await sandboxes.get(cluster.sandboxId);
      if (!sandbox || !isLive(sandbox))
        throw new Violation("no cluster is forgotten", `${cluster.id} outlives ${cluster.sandboxId}`);
    } else if (cluster.state !== "available" && cluster.state !== "quarantined") {
      throw new Violation("rest", `${cluster.id} is ${cluster.state}`);
    }
  }
  for (const tenant of new Set([...live.keys(), ...(Object.keys(view.counters.drawn) as TenantId[])])) {
    const drawn = view.counters.drawn[tenant] ?? 0;
    const ceiling = view.counters.ceiling[tenant] ?? config.quotas.tenant;
    const used = drawn - (ceiling - config.quotas.tenant);
    if (used !== (live.get(tenant) ?? 0)) {
      throw new Violation("counters equal a recount", `${tenant}: counted ${used}, live ${live.get(tenant) ?? 0}`);
    }
    if (used > config.quotas.tenant) throw new Violation("tenant quota", `${tenant} holds ${used}`);
  }
  for (const [id, times] of cloud.made) if (times > 1) throw new Violation("one create a cluster", `${id}: ${times}`);
}

/** What must hold after the pool was told to keep nothing, and every sandbox ended. */
export async function checkDrained(pools: PoolStore, poolId: PoolId, cloud: Cloud): Promise<void> {
  const view = await pools.readPool(poolId);
  const left = view?.clusters ?? [];
  if (left.some((it) => it.state !== "quarantined"))
    throw new Violation("drained", left.map((it) => `${it.id} ${it.state}`).join(", "));
  const confirmed = view?.slots.filter((it) => it.sandbox?.confirmed) ?? [];
  if (confirmed.length > 0)
    throw new Violation("drained", `slots ${confirmed.map((it) => it.n).join(", ")} still wait`);
  const known = new Set(left.map((it) => it.id));
  for (const id of cloud.made.keys()) {
    if (cloud.exists(id) && !known.has(id)) throw new Violation("no cluster is forgotten", `the cloud still has ${id}`);
  }
}
