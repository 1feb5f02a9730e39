import {
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeNodegroupCommand,
  paginateListNodegroups,
  UpdateClusterConfigCommand,
} from "@aws-sdk/client-eks";
import type { ClusterId } from "../../domain/ids.ts";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { type EksAccount, find } from "./deployment.ts";
import { faultName, messageOf } from "./faults.ts";
import { describeIssues } from "./issues.ts";
import { clusterName } from "./naming.ts";

const pollSeconds = 5;
/** EKS refuses a deletion while an update or a node group's end is under way (eksctl waits two minutes, we look oftener). */
const busySeconds = 30;

const nothing: StepOutcome<Removed> = { kind: "done", removed: [] };
const leftAlone: StepOutcome<Removed> = { ...nothing, note: "a cluster of that name is not ours; left alone" };

/** Deletes node groups, all at once. Auto Mode's own nodes are not among them: they go with the cluster. */
export async function removeCompute(deployment: EksAccount, id: ClusterId): Promise<StepOutcome<Removed>> {
  const found = await find(deployment, id);
  if (found.kind !== "ours") return found.kind === "foreign" ? leftAlone : nothing;
  const { deploymentId } = deployment;
  const name = clusterName(deploymentId, id);
  const nodegroups = await nodegroupsOf(deployment, name);
  if (nodegroups.length === 0) return nothing;
  const asked = await Promise.all(nodegroups.map((it) => removeNodegroup(deployment, name, it)));
  const troubles = asked.flatMap(({ trouble }) => trouble ?? []);
  const note = [`waiting for ${nodegroups.length} node groups`, ...troubles].join("; ");
  return { kind: "again", afterSeconds: pollSeconds, note, removed: asked.flatMap(({ removed }) => removed) };
}

/** Asks for the end of one, again if the cloud has failed at it: that `trouble` is what an operator must read. */
async function removeNodegroup(
  { eks }: EksAccount,
  clusterName: string,
  nodegroupName: string,
): Promise<{ readonly removed: readonly string[]; readonly trouble?: string }> {
  const request = { clusterName, nodegroupName };
  try {
    const { nodegroup } = await eks.send(new DescribeNodegroupCommand(request));
    if (nodegroup?.status === "DELETING") return { removed: [] };
    await eks.send(new DeleteNodegroupCommand(request));
    if (nodegroup?.status !== "DELETE_FAILED") return { removed: [`nodegroup/${nodegroupName}`] };
    return { removed: [], trouble: `${nodegroupName} was DELETE_FAILED: ${describeIssues(nodegroup.health)}` };
  } catch (error) {
    // In use means that it is being deleted already; not found, that it is gone.
    if (["ResourceInUseException", "ResourceNotFoundException"].includes(faultName(error))) return { removed: [] };
    throw error;
  }
}

/** The cluster's node groups; none when it is gone. */
export async function nodegroupsOf({ eks: client }: EksAccount, clusterName: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const page of paginateListNodegroups({ client }, { clusterName }))
      names.push(...(page.nodegroups ?? []));
    return names;
  } catch (error) {
    if (faultName(error) === "ResourceNotFoundException") return [];
    throw error;
  }
}

/** Asks for the cluster's end, after lifting its deletion protection. */
export async function removeCluster(deployment: EksAccount, id: ClusterId): Promise<StepOutcome<Removed>> {
  const found = await find(deployment, id);
  if (found.kind !== "ours") return found.kind === "foreign" ? leftAlone : nothing;
  if (found.cluster.status === "DELETING") return nothing;
  const { eks, deploymentId } = deployment;
  const name = clusterName(deploymentId, id);
  try {
    if (found.cluster.deletionProtection) {
      await eks.send(new UpdateClusterConfigCommand({ name, deletionProtection: false }));
      return { kind: "again", afterSeconds: pollSeconds, note: "lifting the deletion protection" };
    }
    await eks.send(new DeleteClusterCommand({ name }));
    return { kind: "done", removed: [`cluster/${name}`] };
  } catch (error) {
    switch (faultName(error)) {
      case "ResourceNotFoundException":
        return nothing;
      case "ResourceInUseException":
      case "InvalidRequestException":
        return { kind: "again", afterSeconds: busySeconds, note: messageOf(error) };
      default:
        throw error;
    }
  }
}

/** Looks until the cloud no longer knows the cluster, and asks again should the deletion have been dropped: EKS has no DELETE_FAILED. */
export async function verifyGone(deployment: EksAccount, id: ClusterId): Promise<StepOutcome> {
  const found = await find(deployment, id);
  if (found.kind === "absent") return { kind: "done" };
  if (found.kind === "foreign") return { kind: "done", note: "the name belongs to a cluster that is not ours" };
  const { status } = found.cluster;
  if (status === "DELETING") return { kind: "again", afterSeconds: pollSeconds, note: "the cloud is deleting it" };
  const asked = await removeCluster(deployment, id);
  if (asked.kind !== "done") return asked;
  return { kind: "again", afterSeconds: pollSeconds, note: `it was ${status} again; deletion asked for anew` };
}
