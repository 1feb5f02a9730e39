import { AssociateAccessPolicyCommand, CreateAccessEntryCommand } from "@aws-sdk/client-eks";
import type { ClusterId } from "../../domain/ids.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import type { EksDeployment } from "./deployment.ts";
import { faultName, messageOf } from "./faults.ts";
import { clusterName, tagsOf } from "./naming.ts";

/** The Kubernetes group of the access function; its rights are a Role that the bootstrap step writes. */
export const credentialIssuersGroup = "sandlot:credential-issuers";

/**
 * Gives the worker cluster-admin, and the access function a group that means nothing until the bootstrap binds it. Entries
 * take some seconds to count, so a call to the API server soon after may still be refused.
 */
export async function grantAccess(deployment: EksDeployment, id: ClusterId): Promise<StepOutcome> {
  const { eks, deploymentId, workerRoleArn, accessRoleArn } = deployment;
  const name = clusterName(deploymentId, id);
  try {
    await createEntry(deployment, id, workerRoleArn, []);
    await eks.send(
      new AssociateAccessPolicyCommand({
        clusterName: name,
        principalArn: workerRoleArn,
        policyArn: `arn:${partitionOf(workerRoleArn)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
        accessScope: { type: "cluster" },
      }),
    );
    await createEntry(deployment, id, accessRoleArn, [credentialIssuersGroup]);
    return { kind: "done" };
  } catch (error) {
    switch (faultName(error)) {
      case "ResourceNotFoundException":
        return { kind: "again", afterSeconds: 5, note: messageOf(error) };
      case "InvalidParameterException":
      case "InvalidRequestException":
        return { kind: "failed", note: messageOf(error) };
      default:
        throw error;
    }
  }
}

async function createEntry(
  { eks, deploymentId }: EksDeployment,
  id: ClusterId,
  principalArn: string,
  kubernetesGroups: string[],
): Promise<void> {
  try {
    await eks.send(
      new CreateAccessEntryCommand({
        clusterName: clusterName(deploymentId, id),
        principalArn,
        type: "STANDARD",
        ...(kubernetesGroups.length > 0 && { kubernetesGroups }),
        tags: tagsOf(deploymentId, id),
      }),
    );
  } catch (error) {
    if (faultName(error) !== "ResourceInUseException") throw error;
  }
}

function partitionOf(arn: string): string {
  return arn.split(":")[1] ?? "aws";
}
