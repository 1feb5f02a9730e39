import type { Address, ClusterRecord } from "./cluster-record.ts";
import { isObject, type JsonObject } from "./json.ts";

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
