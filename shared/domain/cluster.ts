import { enter, type Progress, type ProvisionStep, type TeardownStep, teardownSteps } from "./checklist.ts";
import type { Health } from "./health.ts";
import type { ClusterId, OwnerId, PoolId, SandboxId, TenantId } from "./ids.ts";
import type { ClusterReason, ClusterState } from "./lifecycle.ts";
import type { Instant } from "./time.ts";

/**
 * How to reach a cluster's API server. Kept apart from the cluster's record: its certificate is longer than all the rest, and
 * every plan reads every record of its pool.
 */
export interface ClusterAddress {
  /** `https://…` */
  readonly endpoint: string;
  /** PEM certificates that the endpoint's certificate is verified with, base64 as in a kubeconfig. */
  readonly certificateAuthority: string;
}

interface Base {
  readonly id: ClusterId;
  readonly poolId: PoolId;
  /** Revision of the class it was built from. */
  readonly revision: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Grows by one with every write; destructive writes name the version that they decided on. */
  readonly version: number;
}

interface Teardown {
  readonly reason: ClusterReason;
  readonly detail?: string;
  readonly progress: Progress<TeardownStep>;
  readonly sandboxId?: SandboxId;
  readonly drainedAt: Instant;
  readonly report: TeardownReport;
}

/** What a tear-down found and what became of it, step by step; the proof that nothing stayed. */
export interface TeardownReport {
  /** What the cloud held before any of it was deleted; absent when the tear-down had to go on without that look. */
  readonly found?: readonly string[];
  /** Beyond what was found, what showed up later, and what the cluster's own API was asked to delete. */
  readonly removed: readonly TeardownFinding[];
  readonly verifiedGoneAt?: Instant;
}

export interface TeardownFinding {
  /** `service/default/web`, `volume/vol-…`, `cluster/…` */
  readonly resource: string;
  readonly by: "us" | "cloud";
  readonly at: Instant;
}

export type Cluster =
  | (Base & { readonly state: "requested"; readonly progress: Progress<ProvisionStep> })
  | (Base & { readonly state: "provisioning"; readonly progress: Progress<ProvisionStep> })
  | (Base & {
      readonly state: "validating";
      readonly progress: Progress<ProvisionStep>;
      /** It was warm before, and a probe put that in doubt. */
      readonly availableAt?: Instant;
    })
  | (Base & {
      readonly state: "available";
      readonly slot: number;
      /** When it became warm for the first time. */
      readonly availableAt: Instant;
      readonly health: Health;
    })
  | (Base & {
      readonly state: "claimed";
      readonly sandboxId: SandboxId;
      readonly tenant: TenantId;
      readonly ownerId: OwnerId;
      /** The first ticket of the claim: the one that the tenant's use was counted with. */
      readonly countedTicket: number;
      readonly availableAt: Instant;
      readonly health: Health;
      readonly claimedAt: Instant;
    })
  | (Base & Teardown & { readonly state: "draining" })
  | (Base & Teardown & { readonly state: "deleting" })
  | (Base & Teardown & { readonly state: "quarantined"; readonly quarantinedAt: Instant })
  | (Base & Omit<Teardown, "progress"> & { readonly state: "deleted"; readonly deletedAt: Instant });

export type ClusterIn<S extends ClusterState> = Extract<Cluster, { readonly state: S }>;

/** Being built: counts as warm-to-be in the plan. */
export type ClusterInFlight = ClusterIn<"requested" | "provisioning" | "validating">;

export function isInFlight(cluster: Cluster): cluster is ClusterInFlight {
  return cluster.state === "requested" || cluster.state === "provisioning" || cluster.state === "validating";
}

export function isTearingDown(cluster: Cluster): cluster is ClusterIn<"draining" | "deleting"> {
  return cluster.state === "draining" || cluster.state === "deleting";
}

/** The warm cluster as it looks while it is validated once more, out of its slot. */
export function doubt(cluster: ClusterIn<"available">, note: string, now: Instant): ClusterIn<"validating"> {
  const { id, poolId, revision, createdAt, availableAt, version } = cluster;
  const base = { id, poolId, revision, createdAt, updatedAt: now, version: version + 1 };
  return { ...base, state: "validating", progress: { ...enter("validate", now), note }, availableAt };
}

/** The quarantined cluster as it looks when its tear-down starts over at the step that failed. The evidence stays in `detail`. */
export function takeUpAgain(cluster: ClusterIn<"quarantined">, now: Instant): ClusterIn<"draining" | "deleting"> {
  const { quarantinedAt: _, progress, ...rest } = cluster;
  const state = teardownSteps.find((it) => it.step === progress.step)?.state ?? "draining";
  return { ...rest, state, progress: enter(progress.step, now), updatedAt: now, version: cluster.version + 1 };
}

/** The cluster as it looks once its tear-down has begun; the caller writes it on the condition that `version` still holds. */
export function drain(
  cluster: ClusterInFlight | ClusterIn<"available" | "claimed">,
  reason: ClusterReason,
  now: Instant,
  detail?: string,
): ClusterIn<"draining"> {
  const { id, poolId, revision, createdAt, version } = cluster;
  return {
    id,
    poolId,
    revision,
    createdAt,
    updatedAt: now,
    version: version + 1,
    state: "draining",
    reason,
    drainedAt: now,
    progress: enter("revoke", now),
    report: { removed: [] },
    ...(cluster.state === "claimed" && { sandboxId: cluster.sandboxId }),
    ...(detail !== undefined && { detail }),
  };
}
