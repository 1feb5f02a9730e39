import { type BuildFailures, isBroken, nextTrialAt } from "./build-failures.ts";
import { type CapacityBlock, isBlocked } from "./capacity.ts";
import { type Cluster, type ClusterIn, isInFlight, isTearingDown } from "./cluster.ts";
import type { ClusterId, TenantId } from "./ids.ts";
import { effectiveMode, effectivePolicy, isStale, type PoolOperation } from "./operation.ts";
import type { PoolConfig, PoolPolicy } from "./pool.ts";
import { isWaiting, type PoolCounters, type Slot } from "./slot.ts";
import { after, type Instant } from "./time.ts";

/** Head and per-tenant draws as an earlier pass saw them. */
export interface Observation {
  readonly at: Instant;
  readonly head: number;
  readonly drawn: Readonly<Record<TenantId, number>>;
}

/**
 * Everything a plan looks at: one strongly consistent read of the pool's partition, in the order config, operation, counters,
 * slots, clusters. It is no snapshot: a later part may be newer than an earlier one. The order makes every such gap harmless: a
 * cluster whose slot was read too early is only placed again where it already is.
 */
export interface PoolView {
  readonly config: PoolConfig;
  readonly operation: PoolOperation;
  /** Absent when the cloud made the last cluster that it was asked for. */
  readonly capacity?: CapacityBlock;
  /** Absent when the newest build of a cluster came to its end. */
  readonly buildFailures?: BuildFailures;
  readonly counters: PoolCounters;
  readonly slots: readonly Slot[];
  /** All that are not `deleted`. */
  readonly clusters: readonly Cluster[];
  /** Oldest first. */
  readonly observations: readonly Observation[];
}

export type PoolAction =
  | { readonly kind: "setGate"; readonly closed: boolean; readonly version: number }
  | { readonly kind: "match"; readonly slot: number; readonly clusterId: ClusterId }
  | { readonly kind: "abandonTicket"; readonly slot: number }
  | { readonly kind: "dropCluster"; readonly slot: number; readonly clusterId: ClusterId }
  | { readonly kind: "place"; readonly clusterId: ClusterId; readonly again: boolean }
  | { readonly kind: "setCeiling"; readonly tenant: TenantId; readonly from: number | undefined; readonly to: number }
  | { readonly kind: "advance"; readonly clusterId: ClusterId }
  | { readonly kind: "create"; readonly count: number }
  | { readonly kind: "trim"; readonly clusterId: ClusterId }
  | { readonly kind: "roll"; readonly clusterId: ClusterId };

/**
 * After this long without a record, the holder of a ticket is dead: longer than any function that draws one may run
 * (the API's limit is 30 s), so that a slow claim is never taken for a dead one.
 */
export const settleSeconds = 45;

/** Observations kept; with one per third of the settle time they always span it. */
const keptObservations = 6;

/** The observations to keep after a pass that saw `counters`: one for every third of the settle time. */
export function observe(
  observations: readonly Observation[],
  { head, drawn }: PoolCounters,
  now: Instant,
): readonly Observation[] {
  const newest = observations.at(-1);
  if (newest && after(newest.at, settleSeconds / 3) > now) return observations;
  return [...observations, { at: now, head, drawn }].slice(-keptObservations);
}

/** Past its due time by this much, a cluster's next step is asked for again: its message was lost. */
export const stalledSeconds = 60;

/**
 * Clusters that should be warm or on their way.
 *
 * `clamp(max(minWarm, ceil(claimed · p / (1 − p))) + waiting, 0, maxTotal − claimed)`, where `p` is the share of the
 * future total that should be warm.
 *
 * Example: p = 20 %, min 3, max 100, 80 claimed, nobody waiting → 20: of 100 clusters, 20 are warm.
 */
export function targetWarm(policy: PoolPolicy, claimed: number, waiting: number): number {
  // Whole percents keep the quotient exact where a binary fraction would round 20.000000000000004 up to 21.
  const buffer = Math.ceil((claimed * policy.bufferPercent) / (100 - policy.bufferPercent));
  const wanted = Math.max(policy.minWarm, buffer) + waiting;
  return Math.max(0, Math.min(wanted, policy.maxTotal - claimed));
}

/** The newest observation that is old enough for every ticket up to its head to be settled: recorded, or dead. */
export function settled(observations: readonly Observation[], now: Instant): Observation | undefined {
  return observations.findLast((it) => after(it.at, settleSeconds) <= now);
}

/**
 * What a pass over the pool should do, in this order:
 * 1. open or close the gate to claims, if whoever drained or resumed the pool died before it did;
 * 2. finish what can be finished: matches whose maker died, halves whose owner is gone, clusters without a place;
 * 3. give released quota back;
 * 4. ask again for steps whose message was lost;
 * 5. create, up to the target, the ceiling and the concurrency limit; nothing while the pool is paused or draining, or the
 *    cloud has no room;
 * 6. trim surplus past its cool-down, or else roll one stale cluster above the ready floor; nothing while paused.
 * Users waiting come before bookkeeping, bookkeeping before spending, spending before saving: a pass that dies half-way has
 * done the more urgent half.
 *
 * Example: p = 20 %, min 3, max 100, 80 claimed, 12 available, 3 in flight → target 20 → create 5.
 *
 * Example of a recycle: target 3, max 4, 3 stale available → create 1; 4 available → roll 1 stale; 3 available, 1 tearing
 * down → nothing; it is gone → create 1; and so on until none is stale.
 */
export function planPool(view: PoolView, now: Instant): readonly PoolAction[] {
  return [
    ...gate(view),
    ...repairs(view, now),
    ...ceilings(view, now),
    ...stalled(view, now),
    ...growth(view, now),
    ...surplus(view, now),
  ];
}

function gate({ operation, counters }: PoolView): PoolAction[] {
  const closed = operation.mode === "draining";
  return closed === (counters.closed === true) ? [] : [{ kind: "setGate", closed, version: operation.version }];
}

function repairs({ slots, clusters, counters, observations }: PoolView, now: Instant): PoolAction[] {
  const dead = settled(observations, now)?.head ?? 0;
  const bySlot = new Map(slots.map((slot) => [slot.n, slot]));
  const available = new Map(clusters.filter((it) => it.state === "available").map((it) => [it.id, it]));
  const abandoned = new Set<number>();
  const holes = countHoles(slots, counters);
  const actions: PoolAction[] = [];
  const abandon = (slot: number) => {
    abandoned.add(slot);
    actions.push({ kind: "abandonTicket", slot });
  };
  for (const slot of slots) {
    const { n, sandbox, cluster } = slot;
    if (cluster && available.get(cluster.clusterId)?.slot !== n) {
      actions.push({ kind: "dropCluster", slot: n, clusterId: cluster.clusterId });
    } else if (cluster && sandbox?.confirmed) {
      actions.push({ kind: "match", slot: n, clusterId: cluster.clusterId });
    } else if (n <= dead && !sandbox?.confirmed && !(slot.ticketGone && n > counters.tail)) {
      abandon(n);
    }
  }
  for (let n = counters.tail + 1; n <= dead; n++) if (!bySlot.has(n)) abandon(n);
  for (const cluster of available.values()) {
    const slot = abandoned.has(cluster.slot) ? undefined : bySlot.get(cluster.slot);
    if (slot?.cluster?.clusterId === cluster.id) continue;
    const taken = slot?.cluster !== undefined || slot?.ticketGone === true;
    const isAwaited = slot !== undefined && isWaiting(slot);
    const nobodyComes = cluster.slot <= dead && !isAwaited;
    const isNeededElsewhere = holes > 0 && !isAwaited;
    actions.push({ kind: "place", clusterId: cluster.id, again: taken || nobodyComes || isNeededElsewhere });
  }
  return [...actions, ...fillHoles({ slots, clusters, counters })];
}

/** Slots that clusters have passed by and a sandbox waits in. */
function countHoles(slots: readonly Slot[], { tail }: PoolCounters): number {
  return slots.filter((slot) => isWaiting(slot) && slot.n <= tail).length;
}

/**
 * Whoever waits in a slot that clusters have passed by gets a warm cluster from beyond it, the one that a ticket would
 * reach last: placed again, it takes the oldest hole.
 */
function fillHoles({ slots, clusters, counters }: Pick<PoolView, "slots" | "clusters" | "counters">): PoolAction[] {
  const holes = countHoles(slots, counters);
  const unmet = new Set(slots.flatMap(({ sandbox, cluster }) => (cluster && !sandbox ? [cluster.clusterId] : [])));
  return clusters
    .filter((it): it is ClusterIn<"available"> => it.state === "available" && it.slot > counters.head)
    .filter(({ id }) => unmet.has(id))
    .sort((a, b) => b.slot - a.slot)
    .slice(0, holes)
    .flatMap(({ id: clusterId, slot }): PoolAction[] => [
      { kind: "dropCluster", slot, clusterId },
      { kind: "place", clusterId, again: true },
    ]);
}

/**
 * A tenant may have drawn as many tickets as ended sandboxes plus its quota. All tickets up to a settled head are either
 * live on record or over, so `drawn − live + quota` at that head is exact, whoever died in between; writing it twice
 * changes nothing.
 */
function ceilings({ config, counters, slots, clusters, observations }: PoolView, now: Instant): PoolAction[] {
  const past = settled(observations, now);
  if (!past) return [];
  const live = new Map<TenantId, number>();
  const count = (tenant: TenantId, ticket: number) =>
    ticket <= past.head && live.set(tenant, (live.get(tenant) ?? 0) + 1);
  for (const { sandbox, ticketGone } of slots) {
    if (sandbox && !ticketGone) count(sandbox.tenant, sandbox.countedTicket);
  }
  for (const cluster of clusters) if (cluster.state === "claimed") count(cluster.tenant, cluster.countedTicket);
  const quota = config.quotas.tenant;
  return Object.entries(past.drawn).flatMap(([key, drawn]) => {
    const tenant = key as TenantId;
    const from = counters.ceiling[tenant];
    const to = drawn - (live.get(tenant) ?? 0) + quota;
    return to === (from ?? quota) ? [] : [{ kind: "setCeiling", tenant, from, to } as const];
  });
}

function stalled({ clusters }: PoolView, now: Instant): PoolAction[] {
  return clusters
    .filter((it) => after(dueAtOf(it), stalledSeconds) < now)
    .map((it) => ({ kind: "advance", clusterId: it.id }));
}

/** When somebody should do something for the cluster; never for one that only an operator can help. */
function dueAtOf(cluster: Cluster): Instant {
  if ("health" in cluster) return cluster.health.dueAt;
  return isInFlight(cluster) || isTearingDown(cluster) ? cluster.progress.dueAt : Number.POSITIVE_INFINITY;
}

/** Counts that the plan, the API and the metrics share. */
export function countPool({ slots, clusters }: Pick<PoolView, "slots" | "clusters">) {
  const available = clusters.filter((it) => it.state === "available").length;
  const inFlight = clusters.filter(isInFlight).length;
  const claimed = clusters.filter((it) => it.state === "claimed").length;
  const tearingDown = clusters.filter(isTearingDown).length;
  const quarantined = clusters.filter((it) => it.state === "quarantined").length;
  return {
    available,
    inFlight,
    claimed,
    tearingDown,
    quarantined,
    waiting: slots.filter(isWaiting).length,
    total: clusters.length,
  };
}

/** Clusters that should be warm or on their way now: what the policy in force asks for, none in a pool that drains. */
export function targetOf(view: PoolView): number {
  const { claimed, waiting } = countPool(view);
  return effectiveMode(view) === "draining" ? 0 : targetWarm(effectivePolicy(view), claimed, waiting);
}

/** True when a pass at `now` may ask for clusters that the target asks for. */
export function mayGrow(view: PoolView, now: Instant): boolean {
  return mayAsk(view, now) && !isBroken(view.buildFailures, view.config.revision);
}

/** True when the pool is open and the cloud has room, whatever becomes of what is built. */
function mayAsk(view: PoolView, now: Instant): boolean {
  return effectiveMode(view) === "open" && !isBlocked(view.capacity, now);
}

/** Clusters that may be asked for at once: of a broken class one at a time, to see whether the cause has gone. */
function mostOf({ buildFailures, config, clusters }: PoolView, now: Instant): number {
  if (!isBroken(buildFailures, config.revision)) return Number.POSITIVE_INFINITY;
  return (nextTrialAt(buildFailures) ?? Number.POSITIVE_INFINITY) <= now && !clusters.some(isInFlight) ? 1 : 0;
}

/**
 * Warm clusters below which no stale one is taken out. It is the target: the replacement is warm before the stale one goes.
 * Only a pool whose ceiling leaves no room for one more goes down by one, and never to none.
 *
 * Example: target 3, max 4 → 3; target 3, max 3 → 2; target 1, max 1 → 1: such a pool is never rolled.
 */
export function readyFloor(view: PoolView, now: Instant): number {
  const target = targetOf(view);
  const { inFlight, tearingDown, total } = countPool(view);
  const full = total >= effectivePolicy(view).maxTotal && inFlight + tearingDown === 0;
  return full && mayGrow(view, now) ? Math.min(target, Math.max(1, target - 1)) : target;
}

/** Warm clusters that no ticket has reached: stale ones first, then those that a ticket would reach last. */
function idle(view: PoolView, now: Instant): ClusterIn<"available">[] {
  return view.clusters
    .filter((it): it is ClusterIn<"available"> => it.state === "available" && it.slot > view.counters.head)
    .sort((a, b) => Number(isStale(b, view, now)) - Number(isStale(a, view, now)) || b.slot - a.slot);
}

/** The next stale cluster to replace: none while somebody waits, or in a pool that is not open. */
function nextStale(view: PoolView, now: Instant): ClusterIn<"available"> | undefined {
  if (effectiveMode(view) !== "open" || countPool(view).waiting > 0) return undefined;
  return idle(view, now).find((it) => isStale(it, view, now));
}

/** The target, and one more while a stale cluster waits for its replacement. */
function goalOf(view: PoolView, now: Instant): number {
  return targetOf(view) + (nextStale(view, now) ? 1 : 0);
}

function growth(view: PoolView, now: Instant): PoolAction[] {
  if (!mayAsk(view, now)) return [];
  const policy = effectivePolicy(view);
  const { available, inFlight, tearingDown, total } = countPool(view);
  const missing = goalOf(view, now) - available - inFlight;
  const count = Math.min(
    missing,
    mostOf(view, now),
    policy.maxTotal - total,
    policy.maxConcurrent - inFlight - tearingDown,
  );
  return count > 0 ? [{ kind: "create", count }] : [];
}

function surplus(view: PoolView, now: Instant): PoolAction[] {
  const mode = effectiveMode(view);
  if (mode === "paused") return [];
  const policy = effectivePolicy(view);
  const { available, inFlight, tearingDown } = countPool(view);
  const room = policy.maxConcurrent - inFlight - tearingDown;
  if (room <= 0) return [];
  const coolDownSeconds = mode === "draining" ? 0 : policy.trimCoolDownSeconds;
  const trims = idle(view, now)
    .filter((it) => after(it.availableAt, coolDownSeconds) <= now)
    .slice(0, Math.max(0, Math.min(available + inFlight - goalOf(view, now), room)))
    .map((it) => ({ kind: "trim", clusterId: it.id }) as const);
  if (trims.length > 0) return trims;
  const stale = nextStale(view, now);
  return stale && available > readyFloor(view, now) ? [{ kind: "roll", clusterId: stale.id }] : [];
}
