/** The two life cycles, as data. docs/lifecycle.md is generated from this file. */

export const sandboxTransitions = {
  pending: ["ready", "terminated", "failed"],
  ready: ["active", "terminating", "failed"],
  active: ["terminating", "failed"],
  terminating: ["terminated"],
  terminated: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export const clusterTransitions = {
  requested: ["provisioning", "draining"],
  provisioning: ["validating", "draining"],
  validating: ["available", "draining"],
  available: ["claimed", "validating", "draining"],
  claimed: ["draining"],
  draining: ["deleting", "quarantined"],
  deleting: ["deleted", "quarantined"],
  quarantined: ["draining", "deleting"],
  deleted: [],
} as const satisfies Record<string, readonly string[]>;

export type SandboxState = keyof typeof sandboxTransitions;
export type ClusterState = keyof typeof clusterTransitions;

/** What each state means, in the words the docs and the console use. */
export const sandboxStateMeaning: Record<SandboxState, string> = {
  pending: "accepted and waiting in the pool's queue; holds a place in line",
  ready: "has a running, probed, empty cluster; no clock runs until somebody uses it",
  active: "in use; the time-to-live and the idle clock run",
  terminating: "ended; its credentials are void and its cluster is being torn down",
  terminated: "ended, and its cluster is verified gone",
  failed: "ended without ever becoming, or remaining, usable",
};

export const clusterStateMeaning: Record<ClusterState, string> = {
  requested: "recorded by the refiller; no cloud call made",
  provisioning: "the cloud is building it",
  validating: "we do to it what a user will do; also once more, when a probe of a warm one was bad",
  available: "warm: in a slot of the pool, waiting for a claim",
  claimed: "belongs to exactly one sandbox; never goes back to the pool",
  draining: "credentials revoked; load balancers and volumes are going",
  deleting: "the cloud is deleting it, and we verify that",
  quarantined: "a tear-down step failed for good; kept for evidence, counts toward the ceiling, alarms",
  deleted: "verified gone; the record is closed",
};

/** Why a sandbox left a state; every terminal or terminating sandbox carries one. */
export const sandboxReasons = {
  expired: "its time-to-live ran out",
  idle: "nobody used it for its idle timeout",
  not_activated: "nobody picked it up before the activation deadline",
  deleted_by_owner: "a caller of its tenant deleted it",
  queue_timeout: "no cluster became free within maxQueueSeconds",
  lost: "its cluster died",
} as const;
export type SandboxReason = keyof typeof sandboxReasons;

/** Why a cluster is being torn down. */
export const clusterReasons = {
  sandbox_ended: "its sandbox ended",
  surplus: "more warm clusters than the target asks for, past the cool-down, or its pool is being drained",
  stale: "built from a class that its pool no longer has, or requested before the pool was recycled",
  provisioning_failed: "a provisioning step failed for good",
  validation_failed: "it did not do what a user will do",
  lost: "it stopped answering, or the cloud no longer knows it",
} as const;
export type ClusterReason = keyof typeof clusterReasons;

/** True when the life cycle allows the step; a state never follows itself. */
export function maySandboxBecome(from: SandboxState, to: SandboxState): boolean {
  return (sandboxTransitions[from] as readonly SandboxState[]).includes(to);
}

export function mayClusterBecome(from: ClusterState, to: ClusterState): boolean {
  return (clusterTransitions[from] as readonly ClusterState[]).includes(to);
}
