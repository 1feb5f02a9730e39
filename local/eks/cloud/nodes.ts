import { createHash } from "node:crypto";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { type PartRecord, tagsIn } from "../cluster-record.ts";
import { text, texts } from "../json.ts";
import { desiredSize } from "../part-status.ts";
import type { ClusterInCloud } from "./cloud.ts";

/** A node that should be there and is not. */
export interface NodeToAdd {
  readonly name: string;
  readonly instanceId: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NodePlan {
  readonly add: readonly NodeToAdd[];
  readonly remove: readonly string[];
}

const firstNodes = 2;
const mostNodes = 6;
const groupLabel = "eks.amazonaws.com/nodegroup";
/** What the scheduler says when one more node of the same kind would help. */
const helpsOneMore = /Insufficient|Too many pods|anti-affinity|topology spread|no nodes available/;

/**
 * Which nodes to add and remove: Auto Mode starts with two and adds one at a time while pods find no room, to six at
 * most; a node group has its desired size. `serial` makes names differ from those of earlier nodes.
 *
 * Example: Auto Mode, 2 nodes, a pod that needs a third → add one.
 */
export function planNodes(
  cluster: ClusterInCloud,
  nodes: readonly V1Node[],
  pending: readonly V1Pod[],
  groups: readonly PartRecord[],
  serial: () => string,
): NodePlan {
  const add: NodeToAdd[] = [];
  const remove: string[] = [];
  const own = nodes.filter((node) => groupOf(node) === undefined);
  if (cluster.autoMode) {
    const wanted = pending.some(needsNode) ? own.length + 1 : own.length;
    for (let count = own.length; count < Math.min(mostNodes, Math.max(firstNodes, wanted)); count++) {
      add.push(
        newNode(cluster, count, serial(), {
          "eks.amazonaws.com/compute-type": "auto",
          "karpenter.sh/nodepool": "general-purpose",
        }),
      );
    }
  }
  for (const group of groups) {
    const members = nodes.filter((node) => groupOf(node) === group.name);
    const size = desiredSize(group);
    for (let count = members.length; count < size; count++) {
      add.push(newNode(within(cluster, group), count, serial(), labelsOf(group)));
    }
    remove.push(...members.slice(size).flatMap((node) => node.metadata?.name ?? []));
  }
  const orphans = nodes.filter((node) => {
    const group = groupOf(node);
    return group !== undefined && !groups.some(({ name }) => name === group);
  });
  remove.push(...orphans.flatMap((node) => node.metadata?.name ?? []));
  return { add, remove };
}

function groupOf(node: V1Node): string | undefined {
  return node.metadata?.labels?.[groupLabel];
}

/** Whether every node that the group shall have is there and Ready; for an add-on, whether any node is. */
export function hasJoined(part: PartRecord, nodes: readonly V1Node[]): boolean {
  if (part.kind === "addon") return nodes.some(isReady);
  return nodes.filter((node) => groupOf(node) === part.name && isReady(node)).length >= desiredSize(part);
}

/** Whether a node of the group is still there. */
export function hasNodes(group: PartRecord, nodes: readonly V1Node[]): boolean {
  return nodes.some((node) => groupOf(node) === group.name);
}

function isReady(node: V1Node): boolean {
  return (node.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

function labelsOf({ name, answer }: PartRecord): Readonly<Record<string, string>> {
  const [instanceType = "t3.medium"] = texts(answer.instanceTypes);
  return { ...tagsIn(answer.labels), "node.kubernetes.io/instance-type": instanceType, [groupLabel]: name };
}

/** The cluster with the group's subnets only, where it has some of its own. */
function within(cluster: ClusterInCloud, { answer }: PartRecord): ClusterInCloud {
  const ids = texts(answer.subnets);
  const subnets = cluster.subnets.filter(({ id }) => ids.includes(id));
  return subnets.length === 0 ? cluster : { ...cluster, subnets };
}

function needsNode(pod: V1Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    (it) =>
      it.type === "PodScheduled" &&
      it.status === "False" &&
      it.reason === "Unschedulable" &&
      helpsOneMore.test(text(it.message) ?? ""),
  );
}

/** Nodes of Auto Mode have the names of their instances. Zones take turns. */
function newNode(
  cluster: ClusterInCloud,
  count: number,
  serial: string,
  labels: Readonly<Record<string, string>>,
): NodeToAdd {
  const instanceId = `i-${createHash("sha256").update(`${cluster.name}/${serial}`).digest("hex").slice(0, 17)}`;
  const zones = [...new Set(cluster.subnets.map((it) => it.availabilityZone))].sort();
  return { name: instanceId, instanceId, zone: zones[count % zones.length] ?? "us-east-1a", labels };
}
