import type { Address, ClusterRecord, PartKind, PartRecord } from "./cluster-record.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { Durations } from "./settings.ts";

/**
 * What EKS answers for a cluster: MiniStack's words, corrected by what is known here. A cluster without an address has
 * neither endpoint nor certificate in its answer, as on EKS while it is CREATING.
 */
export function overlayCluster(answer: JsonObject, record: ClusterRecord, address: Address | undefined): JsonObject {
  const { endpoint: _endpoint, certificateAuthority: _authority, ...rest } = answer;
  const { elasticLoadBalancing, ...kept } = record.kept;
  const network = isObject(answer.kubernetesNetworkConfig) ? answer.kubernetesNetworkConfig : {};
  return {
    ...rest,
    ...kept,
    kubernetesNetworkConfig: {
      ...network,
      elasticLoadBalancing: elasticLoadBalancing ?? { enabled: false },
    },
    status: record.status,
    tags: record.tags,
    health: { issues: record.issues.map((issue) => ({ ...issue, resourceIds: [] })) },
    ...(address !== undefined && {
      endpoint: address.endpoint,
      certificateAuthority: { data: address.caData },
    }),
  };
}

export type PartStatus = "CREATING" | "ACTIVE" | "DELETING" | "GONE";

/** What has become of a part at `now`, in milliseconds. */
export function partStatus(part: PartRecord, durations: Durations, now: number): PartStatus {
  if (part.deletedAt !== undefined) return now < part.deletedAt + durations.deletePart ? "DELETING" : "GONE";
  return now < part.createdAt + durations.createPart ? "CREATING" : "ACTIVE";
}

/** The cluster's parts of a kind that have not gone. */
export function livingParts(record: ClusterRecord, kind: PartKind, durations: Durations, now: number): PartRecord[] {
  return record.parts.filter((part) => part.kind === kind && partStatus(part, durations, now) !== "GONE");
}
