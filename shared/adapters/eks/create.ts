import { type Cluster, CreateClusterCommand } from "@aws-sdk/client-eks";
import type { ClusterAddress } from "../../domain/cluster.ts";
import type { ClusterId } from "../../domain/ids.ts";
import type { ClusterClass } from "../../domain/pool.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { type EksDeployment, find } from "./deployment.ts";
import { capacityBlocked, faultName, messageOf } from "./faults.ts";
import { clusterName, tagsOf } from "./naming.ts";

/** What EKS answers to a request that can never succeed. */
const hopeless = [
  "InvalidParameterException",
  "InvalidRequestException",
  "UnsupportedAvailabilityZoneException",
  "ClientException",
];

/** Asks for an Auto Mode cluster that only its access entries open, or adopts the one that an earlier attempt asked for. */
export async function create(
  deployment: EksDeployment,
  id: ClusterId,
  { kubernetesVersion }: ClusterClass,
): Promise<StepOutcome> {
  const { eks, deploymentId, clusterRoleArn, nodeRoleArn, subnetIds } = deployment;
  const name = clusterName(deploymentId, id);
  try {
    await eks.send(
      new CreateClusterCommand({
        name,
        // The SDK's own token covers the retries of one call only, not those of a later message.
        clientRequestToken: id,
        version: kubernetesVersion,
        roleArn: clusterRoleArn,
        resourcesVpcConfig: { subnetIds: [...subnetIds], endpointPublicAccess: true, endpointPrivateAccess: true },
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
        // Without it a version past its standard support costs six times as much instead of being refused.
        upgradePolicy: { supportType: "STANDARD" },
        // Auto Mode: EKS takes these four together only.
        computeConfig: { enabled: true, nodePools: ["general-purpose", "system"], nodeRoleArn },
        storageConfig: { blockStorage: { enabled: true } },
        kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
        bootstrapSelfManagedAddons: false,
        tags: tagsOf(deploymentId, id),
      }),
    );
    return { kind: "done" };
  } catch (error) {
    if (faultName(error) === "ResourceInUseException") return adopt(deployment, id);
    const blocked = capacityBlocked(error);
    if (blocked) return blocked;
    if (hopeless.includes(faultName(error))) return { kind: "failed", note: messageOf(error) };
    throw error;
  }
}

async function adopt(deployment: EksDeployment, id: ClusterId): Promise<StepOutcome> {
  const found = await find(deployment, id);
  switch (found.kind) {
    case "absent":
      return { kind: "again", afterSeconds: 10, note: "its name is taken, but the cloud does not show by what" };
    case "foreign":
      return { kind: "failed", note: "its name belongs to a cluster that this deployment did not make" };
    case "ours":
      return found.cluster.status === "DELETING"
        ? { kind: "failed", note: "the cloud is already deleting it" }
        : { kind: "done", note: "adopted" };
  }
}

/** Looks at how far the cloud is. `again` soon for a young cluster and seldom for an old one: real ones take 9 to 15 minutes. */
export async function awaitActive(
  deployment: EksDeployment,
  id: ClusterId,
): Promise<StepOutcome<{ readonly address: ClusterAddress }>> {
  const found = await find(deployment, id);
  // The record of a cluster just asked for may take a moment to show; the step's budget ends the wait.
  if (found.kind === "absent") return { kind: "again", afterSeconds: 5, note: "the cloud does not show it yet" };
  if (found.kind === "foreign") return { kind: "failed", note: "its name belongs to somebody else's cluster" };
  const { status, endpoint, certificateAuthority, health, createdAt } = found.cluster;
  if (status === "FAILED") return { kind: "failed", note: `the cloud failed to build it: ${issuesOf(health)}` };
  if (status === "DELETING") return { kind: "failed", note: "the cloud is deleting it" };
  if (status === "ACTIVE" && endpoint && certificateAuthority?.data) {
    return { kind: "done", address: { endpoint, certificateAuthority: certificateAuthority.data } };
  }
  return { kind: "again", afterSeconds: patience(createdAt), note: `the cloud calls it ${status ?? "nothing"}` };
}

function issuesOf(health: Cluster["health"]): string {
  const issues = (health?.issues ?? []).map(({ code, message }) => [code, message].filter(Boolean).join(": "));
  return issues.join("; ") || "no reason given";
}

function patience(createdAt: Date | undefined): number {
  const ageSeconds = createdAt ? (Date.now() - createdAt.getTime()) / 1000 : 0;
  return Math.min(20, Math.max(2, Math.round(ageSeconds / 10)));
}
