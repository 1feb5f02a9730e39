import {
  type AMITypes,
  CreateAddonCommand,
  CreateNodegroupCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeNodegroupCommand,
} from "@aws-sdk/client-eks";
import { type ClusterClass, managedComputeOf } from "../../domain/cluster-class.ts";
import type { ClusterId } from "../../domain/ids.ts";
import { type InstanceKind, instanceKindOf } from "../../domain/instance-type.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { type AddonRequest, addonsOf } from "./addons.ts";
import type { EksDeployment } from "./deployment.ts";
import { capacityBlocked, faultName, messageOf } from "./faults.ts";
import { areOfCapacity, describeIssues, patience } from "./issues.ts";
import { clusterName, isOurs, tagsOf } from "./naming.ts";

/** The one node group of a cluster. */
export const nodegroupName = "nodes";
const askedAgainSeconds = 2;
const capacityBackoffSeconds = 300;

const images: Record<InstanceKind, AMITypes> = {
  x86: "AL2023_x86_64_STANDARD",
  arm: "AL2023_ARM_64_STANDARD",
  nvidia: "AL2023_x86_64_NVIDIA",
  neuron: "AL2023_x86_64_NEURON",
};

/**
 * Asks for the class's add-ons and node group, and looks how far they are. All at once: those that need nodes wait for them by
 * themselves.
 */
export async function provideNodes(
  deployment: EksDeployment,
  id: ClusterId,
  clusterClass: ClusterClass,
): Promise<StepOutcome> {
  const outcomes: StepOutcome[] = [];
  for (const addon of addonsOf(clusterClass, clusterName(deployment.deploymentId, id))) {
    outcomes.push(await provideAddon(deployment, id, addon));
  }
  const compute = managedComputeOf(clusterClass);
  if (compute) outcomes.push(await provideNodegroup(deployment, id, compute.instanceTypes, clusterClass.nodes));
  return together(outcomes);
}

/** The worst of them decides; those that are waited for are all named. */
function together(outcomes: readonly StepOutcome[]): StepOutcome {
  const failed = outcomes.find((it) => it.kind === "failed") ?? outcomes.find((it) => it.kind === "capacityBlocked");
  if (failed) return failed;
  const waiting = outcomes.filter((it) => it.kind === "again");
  if (waiting.length === 0) return { kind: "done" };
  const afterSeconds = Math.min(...waiting.map((it) => it.afterSeconds));
  return { kind: "again", afterSeconds, note: waiting.map((it) => it.note).join(", ") };
}

/** A node group's name is its idempotency key: a token would answer for one that was deleted to make room for the next. */
async function provideNodegroup(
  deployment: EksDeployment,
  id: ClusterId,
  instanceTypes: readonly string[],
  nodes: number,
): Promise<StepOutcome> {
  const { eks, deploymentId } = deployment;
  const name = { clusterName: clusterName(deploymentId, id), nodegroupName };
  const found = await unlessAbsent(eks.send(new DescribeNodegroupCommand(name)));
  const group = found?.nodegroup;
  if (!group) return asking(() => createNodegroup(deployment, id, instanceTypes, nodes), "node group asked for");
  if (!isOurs(group.tags, deploymentId, id)) return { kind: "failed", note: "its node group is not ours" };
  const note = `node group ${group.status}`;
  switch (group.status) {
    case "ACTIVE":
      return { kind: "done" };
    case "CREATE_FAILED": {
      const reason = `${note}: ${describeIssues(group.health)}`;
      if (!areOfCapacity(group.health)) return { kind: "failed", note: reason };
      // EKS does not try again by itself.
      await unlessAbsent(eks.send(new DeleteNodegroupCommand(name)));
      return { kind: "capacityBlocked", afterSeconds: capacityBackoffSeconds, note: reason };
    }
    case "DEGRADED":
      return { kind: "again", afterSeconds: 20, note: `${note}: ${describeIssues(group.health)}` };
    default:
      return { kind: "again", afterSeconds: patience(group.createdAt), note };
  }
}

async function createNodegroup(
  { eks, deploymentId, managedNodeRoleArn, launchTemplateId, subnetIds }: EksDeployment,
  id: ClusterId,
  instanceTypes: readonly string[],
  nodes: number,
): Promise<void> {
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: clusterName(deploymentId, id),
      nodegroupName,
      nodeRole: managedNodeRoleArn,
      subnets: [...subnetIds],
      instanceTypes: [...instanceTypes],
      amiType: images[instanceKindOf(instanceTypes[0] ?? "")],
      scalingConfig: { minSize: nodes, desiredSize: nodes, maxSize: nodes },
      launchTemplate: { id: launchTemplateId },
      tags: tagsOf(deploymentId, id),
    }),
  );
}

async function provideAddon(deployment: EksDeployment, id: ClusterId, request: AddonRequest): Promise<StepOutcome> {
  const { eks, deploymentId } = deployment;
  const name = { clusterName: clusterName(deploymentId, id), addonName: request.name };
  const addon = (await unlessAbsent(eks.send(new DescribeAddonCommand(name))))?.addon;
  if (!addon) return asking(() => createAddon(deployment, id, request), `add-on ${request.name} asked for`);
  if (!isOurs(addon.tags, deploymentId, id)) return { kind: "failed", note: `its add-on ${request.name} is not ours` };
  const note = `add-on ${request.name} ${addon.status}`;
  switch (addon.status) {
    case "ACTIVE":
      return { kind: "done" };
    case "CREATE_FAILED":
      return { kind: "failed", note: `${note}: ${describeIssues(addon.health)}` };
    case "DEGRADED":
      return { kind: "again", afterSeconds: 20, note: `${note}: ${describeIssues(addon.health)}` };
    default:
      return { kind: "again", afterSeconds: patience(addon.createdAt), note };
  }
}

async function createAddon(
  { eks, deploymentId, storageRoleArn: roleArn }: EksDeployment,
  id: ClusterId,
  { name, version, configuration, storageAccount: serviceAccount }: AddonRequest,
): Promise<void> {
  await eks.send(
    new CreateAddonCommand({
      clusterName: clusterName(deploymentId, id),
      addonName: name,
      clientRequestToken: `${id}-${name}`,
      resolveConflicts: "OVERWRITE",
      ...(version && { addonVersion: version }),
      ...(configuration && { configurationValues: JSON.stringify(configuration) }),
      ...(serviceAccount && { podIdentityAssociations: [{ serviceAccount, roleArn }] }),
      tags: tagsOf(deploymentId, id),
    }),
  );
}

/** The outcome of asking for something that the next look finds. What EKS says no to is written in the class. */
async function asking(ask: () => Promise<void>, note: string): Promise<StepOutcome> {
  try {
    await ask();
  } catch (error) {
    const blocked = capacityBlocked(error);
    if (blocked) return blocked;
    switch (faultName(error)) {
      case "ResourceInUseException":
        break;
      case "InvalidParameterException":
        return { kind: "failed", note: messageOf(error), ...(isOfTheClass(error) && { fault: "class" }) };
      case "ResourceNotFoundException":
      case "InvalidRequestException":
        return { kind: "again", afterSeconds: 20, note: messageOf(error) };
      default:
        throw error;
    }
  }
  return { kind: "again", afterSeconds: askedAgainSeconds, note };
}

/** Roles and subnets are the deployment's; instance types and add-ons the class's. */
function isOfTheClass(error: unknown): boolean {
  return /instance ?type|add-?on|version|configuration/i.test(messageOf(error));
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (faultName(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
