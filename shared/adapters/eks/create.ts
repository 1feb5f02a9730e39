import { CreateClusterCommand } from "@aws-sdk/client-eks";
import type { ClusterAddress } from "../../domain/cluster.ts";
import type { ClusterOrder } from "../../domain/cluster-class.ts";
import type { ClusterId } from "../../domain/ids.ts";
import { judgeVersion } from "../../domain/kubernetes-version.ts";
import type { Instant } from "../../domain/time.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { clusterRequest } from "./cluster-request.ts";
import { type EksDeployment, find } from "./deployment.ts";
import { capacityBlocked, faultName, messageOf } from "./faults.ts";
import { describeIssues, patience } from "./issues.ts";
import { supportOf } from "./versions.ts";

/** What EKS answers to a request that can never succeed. */
const hopeless = [
  "InvalidParameterException",
  "InvalidRequestException",
  "UnsupportedAvailabilityZoneException",
  "ClientException",
];

/**
 * Asks for the cluster that the order describes, or adopts the one that an earlier attempt asked for. A Kubernetes version that
 * EKS no longer supports is not asked for: a pool would pay six times as much, or wait for a refusal.
 */
export async function create(
  deployment: EksDeployment,
  id: ClusterId,
  order: ClusterOrder,
): Promise<StepOutcome<{ readonly supportEndsAt?: Instant }>> {
  const { kubernetesVersion } = order.clusterClass;
  const verdict = judgeVersion(await supportOf(deployment.eks, kubernetesVersion), Date.now());
  switch (verdict.kind) {
    case "unknown":
      return { kind: "failed", note: `EKS does not offer Kubernetes ${kubernetesVersion}`, fault: "class" };
    case "over": {
      const since = new Date(verdict.endsAt).toISOString().slice(0, 10);
      const note = `Kubernetes ${kubernetesVersion} is out of EKS's standard support, which ended on ${since}`;
      return { kind: "failed", note, fault: "class" };
    }
    case "ending": {
      const outcome = await ask(deployment, id, order);
      return outcome.kind === "done" ? { ...outcome, supportEndsAt: verdict.endsAt } : outcome;
    }
    case "fit":
      return ask(deployment, id, order);
  }
}

async function ask(deployment: EksDeployment, id: ClusterId, order: ClusterOrder): Promise<StepOutcome> {
  try {
    await deployment.eks.send(new CreateClusterCommand(clusterRequest(deployment, id, order)));
    return { kind: "done" };
  } catch (error) {
    if (faultName(error) === "ResourceInUseException") return adopt(deployment, id);
    const blocked = capacityBlocked(error);
    if (blocked) return blocked;
    if (hopeless.includes(faultName(error))) {
      const note = messageOf(error);
      // All else that EKS checks is the deployment's: roles, subnets, the account.
      return { kind: "failed", note, ...(/Kubernetes version/i.test(note) && { fault: "class" }) };
    }
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
  if (status === "FAILED") return { kind: "failed", note: `the cloud failed to build it: ${describeIssues(health)}` };
  if (status === "DELETING") return { kind: "failed", note: "the cloud is deleting it" };
  if (status === "ACTIVE" && endpoint && certificateAuthority?.data) {
    return { kind: "done", address: { endpoint, certificateAuthority: certificateAuthority.data } };
  }
  return { kind: "again", afterSeconds: patience(createdAt), note: `the cloud calls it ${status ?? "nothing"}` };
}
