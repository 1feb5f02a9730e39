import { needsNode } from "./addons.ts";
import type { ClusterRecord, HealthIssue, PartKind, PartRecord } from "./cluster-record.ts";
import type { Durations } from "./settings.ts";

export type PartStatus = "CREATING" | "ACTIVE" | "CREATE_FAILED" | "DEGRADED" | "DELETING" | "DELETE_FAILED" | "GONE";

/** After so long a node group goes without its nodes having been seen to go: EKS does not wait for ever for a dead API. */
const drainWithinMs = 10_000;
const withoutNodes: HealthIssue = {
  code: "InsufficientNumberOfReplicas",
  message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
};

/**
 * What has become of a part at `now`, in milliseconds. A node group is ACTIVE once its nodes are Ready, and gone once they
 * are gone. An add-on that needs a node is DEGRADED until there is one.
 */
export function partStatus(part: PartRecord, durations: Durations, now: number): PartStatus {
  const { kind, createdAt, createFailure, deletedAt, deleteFailure } = part;
  if (deletedAt !== undefined) {
    const dueAt = deletedAt + durations.deletePart;
    if (now < dueAt) return "DELETING";
    if (deleteFailure !== undefined) return "DELETE_FAILED";
    const isEmpty = kind === "addon" || part.emptiedAt !== undefined || now >= dueAt + drainWithinMs;
    return isEmpty ? "GONE" : "DELETING";
  }
  if (now < createdAt + durations.createPart) return "CREATING";
  if (createFailure !== undefined) return createFailure.status;
  if (part.joinedAt !== undefined || (kind === "addon" && !needsNode(part.name))) return "ACTIVE";
  return kind === "addon" ? "DEGRADED" : "CREATING";
}

/** What `health.issues` has of a part with this status. */
export function partIssues(part: PartRecord, status: PartStatus): readonly HealthIssue[] {
  if (status === "DELETE_FAILED") return part.deleteFailure === undefined ? [] : [part.deleteFailure];
  if (status === part.createFailure?.status) return [part.createFailure.issue];
  return status === "DEGRADED" ? [withoutNodes] : [];
}

/** How many nodes a node group shall have: none once it has failed or is being deleted. */
export function desiredSize({ answer, createFailure, deletedAt }: PartRecord): number {
  if (createFailure !== undefined || deletedAt !== undefined) return 0;
  const scaling = answer.scalingConfig as { readonly desiredSize?: unknown } | undefined;
  return typeof scaling?.desiredSize === "number" ? scaling.desiredSize : 1;
}

/** The cluster's parts of a kind that have not gone. */
export function livingParts(record: ClusterRecord, kind: PartKind, durations: Durations, now: number): PartRecord[] {
  return record.parts.filter((part) => part.kind === kind && partStatus(part, durations, now) !== "GONE");
}
