import type { CreateClusterCommandInput } from "@aws-sdk/client-eks";
import { type ClusterOrder, managedComputeOf } from "../../domain/cluster-class.ts";
import type { ClusterId } from "../../domain/ids.ts";
import type { EksDeployment } from "./deployment.ts";
import { clusterName, poolTag, revisionTag, tagsOf } from "./naming.ts";

/** A cluster that only its access entries open. */
export function clusterRequest(
  { deploymentId, clusterRoleArn, nodeRoleArn, subnetIds }: EksDeployment,
  id: ClusterId,
  { poolId, revision, clusterClass }: ClusterOrder,
): CreateClusterCommandInput {
  return {
    name: clusterName(deploymentId, id),
    // The SDK's own token covers the retries of one call only, not those of a later message.
    clientRequestToken: id,
    version: clusterClass.kubernetesVersion,
    roleArn: clusterRoleArn,
    resourcesVpcConfig: { subnetIds: [...subnetIds], endpointPublicAccess: true, endpointPrivateAccess: true },
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    // Without it a version past its standard support costs six times as much instead of being refused.
    upgradePolicy: { supportType: "STANDARD" },
    // EKS add-ons take their place: those can be configured.
    bootstrapSelfManagedAddons: false,
    ...(managedComputeOf(clusterClass) === undefined && autoMode(nodeRoleArn)),
    tags: { ...tagsOf(deploymentId, id), [poolTag]: poolId, [revisionTag]: revision },
  };
}

/** EKS takes these together only. */
function autoMode(nodeRoleArn: string) {
  return {
    computeConfig: { enabled: true, nodePools: ["general-purpose", "system"], nodeRoleArn },
    storageConfig: { blockStorage: { enabled: true } },
    kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
  } satisfies Partial<CreateClusterCommandInput>;
}
