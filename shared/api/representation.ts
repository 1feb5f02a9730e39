import type * as z from "zod/mini";
import { type BuildFailures, isBroken, nextTrialAt } from "../domain/build-failures.ts";
import { isBlocked } from "../domain/capacity.ts";
import { type Progress, type ProvisionStep, placeOf, type TeardownStep } from "../domain/checklist.ts";
import type { Cluster } from "../domain/cluster.ts";
import type { Health } from "../domain/health.ts";
import { deadlineOf } from "../domain/lease.ts";
import type { QueuePlace } from "../domain/queue.ts";
import { isLive, type Sandbox, type SandboxEvent } from "../domain/sandbox.ts";
import { after, type Instant } from "../domain/time.ts";
import type { OwnerView } from "../usecases/view-owner.ts";
import type { PoolSummary } from "../usecases/view-pool.ts";
import { isoTime } from "./problem.ts";
import type * as responses from "./responses.ts";

type Body<Schema extends z.ZodMiniType> = z.output<Schema>;

/** The `ETag` of a sandbox: strong, since the version grows with every change of the record. */
export function etagOf({ version }: Pick<Sandbox, "version">): string {
  return `"v${version}"`;
}

/** A sandbox as its tenant sees it; never anything that opens its cluster. */
export function sandboxBody(sandbox: Sandbox, now: Instant, queue?: QueuePlace): Body<typeof responses.sandbox> {
  const { id, poolId, ownerId, state, version, terms, labels, metadata, parameters } = sandbox;
  const { ttlSeconds, idleTimeoutSeconds } = terms;
  return {
    id,
    poolId,
    ownerId,
    state,
    version,
    createdAt: isoTime(sandbox.createdAt),
    updatedAt: isoTime(sandbox.updatedAt),
    ...("clusterId" in sandbox && { clusterId: sandbox.clusterId }),
    ...timesOf(sandbox),
    ttlSeconds,
    ...(idleTimeoutSeconds !== undefined && { idleTimeoutSeconds }),
    labels: { ...labels },
    metadata: { ...metadata },
    parameters: { ...parameters },
    ...(queue && { queue: queueBody(queue) }),
    serverTime: isoTime(now),
  };
}

function timesOf(sandbox: Sandbox): Partial<Body<typeof responses.sandbox>> {
  if (!isLive(sandbox)) {
    return {
      stateReason: sandbox.reason,
      endedAt: isoTime(sandbox.endedAt),
      ...(sandbox.state === "terminated" && { terminatedAt: isoTime(sandbox.terminatedAt) }),
    };
  }
  const { at, reason } = deadlineOf(sandbox);
  const deadline = { at: isoTime(at), reason };
  if (sandbox.state === "pending") return { deadline };
  const readyAt = isoTime(sandbox.readyAt);
  if (sandbox.state === "ready") return { readyAt, deadline };
  const { activatedAt, expiresAt, lastSeenAt, terms } = sandbox;
  return {
    readyAt,
    activatedAt: isoTime(activatedAt),
    expiresAt: isoTime(expiresAt),
    extendableUntil: isoTime(after(activatedAt, terms.maxLifetimeSeconds)),
    lastSeenAt: isoTime(lastSeenAt),
    deadline,
  };
}

function queueBody({ position, estimatedReadyAt, progress }: QueuePlace): Body<typeof responses.queuePlace> {
  return {
    position,
    ...(estimatedReadyAt !== undefined && { estimatedReadyAt: isoTime(estimatedReadyAt) }),
    ...(progress && { progress: progressBody(progress) }),
  };
}

/** A sandbox's log. */
export function eventsBody(events: readonly SandboxEvent[]): Body<typeof responses.sandboxEvents> {
  return { items: events.map((event) => ({ ...event, at: isoTime(event.at) })) };
}

/** A pool with its counts, and with the times that a claim may ask for. */
export function poolBody(summary: PoolSummary, now: Instant): Body<typeof responses.pool> {
  const {
    config,
    policy,
    operation,
    capacity,
    buildFailures,
    counts,
    target,
    utilisation,
    canClaimNow,
    typicalBuildSeconds,
  } = summary;
  const { mode, policyOverride, recycleBefore } = operation;
  return {
    id: config.poolId,
    description: config.description,
    kubernetesVersion: config.clusterClass.kubernetesVersion,
    nodes: config.clusterClass.nodes,
    mode,
    policy: { ...policy },
    policyOverride: { ...policyOverride },
    ...(recycleBefore !== undefined && { recycledAt: isoTime(recycleBefore) }),
    stale: summary.stale,
    ...(capacity && isBlocked(capacity, now) && { capacityBlockedUntil: isoTime(capacity.until) }),
    ...(buildFailures && { lastError: lastErrorBody(buildFailures) }),
    counts,
    target,
    maxTotal: policy.maxTotal,
    utilisation,
    canClaimNow,
    ...(typicalBuildSeconds !== undefined && { typicalBuildSeconds }),
    lease: { ...config.lease },
    serverTime: isoTime(now),
  };
}

/**
 * A cluster as whoever may read pools sees it. Pools serve all tenants: what it says nothing about is whose sandbox the
 * cluster belongs to, and where it is.
 */
export function clusterBody(cluster: Cluster): Body<typeof responses.cluster> {
  const { id, state, revision } = cluster;
  return {
    id,
    state,
    revision,
    createdAt: isoTime(cluster.createdAt),
    updatedAt: isoTime(cluster.updatedAt),
    ...("progress" in cluster && { progress: progressBody(cluster.progress) }),
    ...("health" in cluster && { health: healthBody(cluster.health) }),
    ...("availableAt" in cluster && { availableAt: isoTime(cluster.availableAt) }),
    ...(cluster.state === "claimed" && { claimedAt: isoTime(cluster.claimedAt) }),
    ...("drainedAt" in cluster && teardownBody(cluster)),
    ...(cluster.state === "quarantined" && { quarantinedAt: isoTime(cluster.quarantinedAt) }),
  };
}

/** A cluster's record with everything that an operator may ask of it, open or closed. */
export function clusterRecordBody(cluster: Cluster, now: Instant): Body<typeof responses.clusterRecord> {
  const found = "report" in cluster ? cluster.report.found : undefined;
  return {
    ...clusterBody(cluster),
    poolId: cluster.poolId,
    ...(cluster.state === "deleted" && { deletedAt: isoTime(cluster.deletedAt) }),
    ...(found && { found: [...found] }),
    serverTime: isoTime(now),
  };
}

function lastErrorBody(failures: BuildFailures): NonNullable<Body<typeof responses.pool>["lastError"]> {
  const broken = isBroken(failures, failures.revision);
  const trialAt = nextTrialAt(failures);
  return {
    at: isoTime(failures.at),
    detail: failures.note,
    failures: failures.count,
    isBroken: broken,
    ...(broken && trialAt !== undefined && { nextTrialAt: isoTime(trialAt) }),
  };
}

function healthBody({
  failures,
  failingSince,
  note,
  dueAt,
}: Health): NonNullable<Body<typeof responses.cluster>["health"]> {
  return {
    failures,
    ...(failingSince !== undefined && { failingSince: isoTime(failingSince) }),
    ...(note !== undefined && { note }),
    nextProbeAt: isoTime(dueAt),
  };
}

function progressBody(
  progress: Progress<ProvisionStep | TeardownStep>,
): NonNullable<Body<typeof responses.queuePlace>["progress"]> {
  const { step, attempts, startedAt, dueAt, note } = progress;
  return {
    step,
    ...placeOf(step),
    attempts,
    startedAt: isoTime(startedAt),
    dueAt: isoTime(dueAt),
    ...(note !== undefined && { note }),
  };
}

function teardownBody(
  cluster: Extract<Cluster, { readonly drainedAt: Instant }>,
): Partial<Body<typeof responses.cluster>> {
  const { reason, detail, drainedAt, report } = cluster;
  return {
    reason,
    drainedAt: isoTime(drainedAt),
    removed: report.removed.map((it) => ({ ...it, at: isoTime(it.at) })),
    ...(detail !== undefined && { detail }),
    ...(report.verifiedGoneAt !== undefined && { verifiedGoneAt: isoTime(report.verifiedGoneAt) }),
  };
}

/** An owner's use and limits. */
export function ownerBody(view: OwnerView, now: Instant): Body<typeof responses.owner> {
  const { ownerId, used, limits, live } = view;
  return { ownerId, quota: { used, limits: { ...limits } }, sandboxes: [...live], serverTime: isoTime(now) };
}
