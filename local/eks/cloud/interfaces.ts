import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  DetachNetworkInterfaceCommand,
  type EC2Client,
  type NetworkInterface,
} from "@aws-sdk/client-ec2";
import type { V1Node } from "@kubernetes/client-node";
import { faultName } from "../fault-name.ts";
import type { CloudEffects } from "../faults/on-cloud.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { isOwned, ownedTags, tagNamed } from "./tags.ts";

const nodeTag = "eks:kubernetes-cni-node-name";

/** Gives every node a network interface, and takes away those whose node is gone. */
export async function reconcileInterfaces(
  cloud: Cloud,
  cluster: ClusterInCloud,
  nodes: readonly V1Node[],
  effects: CloudEffects,
): Promise<void> {
  const names = new Set(nodes.flatMap((node) => node.metadata?.name ?? []));
  const covered = new Set<string>();
  const all = await allInterfaces(cloud);
  for (const it of all.filter(({ TagSet }) => isOwned(TagSet, cluster.name))) {
    const node = tagNamed(it.TagSet, nodeTag) ?? "";
    if (names.has(node) && !covered.has(node)) {
      if (attachmentOf(it) !== undefined) covered.add(node);
    } else await remove(cloud, it, effects);
  }
  for (const node of nodes) {
    const name = node.metadata?.name;
    if (name !== undefined && !covered.has(name)) await ensure(cloud, cluster, all, node, name);
  }
}

/** Deletes every network interface of the cluster's nodes; repeatable. */
export async function removeInterfaces(cloud: Cloud, cluster: string, effects: CloudEffects): Promise<void> {
  const own = (await allInterfaces(cloud)).filter(({ TagSet }) => isOwned(TagSet, cluster));
  for (const it of own) await remove(cloud, it, effects);
}

async function allInterfaces({ ec2 }: Cloud): Promise<readonly NetworkInterface[]> {
  return (await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces ?? [];
}

function attachmentOf({ Attachment }: NetworkInterface): string | undefined {
  return Attachment?.AttachmentId === "" ? undefined : Attachment?.AttachmentId;
}

/** Completes what an earlier attempt may have begun: the description alone comes with the interface. */
async function ensure(
  { ec2 }: Cloud,
  cluster: ClusterInCloud,
  all: readonly NetworkInterface[],
  node: V1Node,
  name: string,
): Promise<void> {
  const zone = node.metadata?.labels?.["topology.kubernetes.io/zone"];
  const subnet = cluster.subnets.find((it) => it.availabilityZone === zone) ?? cluster.subnets[0];
  const instanceId = node.spec?.providerID?.split("/").at(-1) ?? name;
  const tags = ownedTags(cluster.name, {
    "cluster.k8s.amazonaws.com/name": cluster.name,
    [`kubernetes.io/cluster/${cluster.name}`]: "owned",
    "node.k8s.amazonaws.com/createdAt": new Date().toISOString(),
    "node.k8s.amazonaws.com/instance_id": instanceId,
    [nodeTag]: name,
  });
  const Description = `aws-K8S-${instanceId}`;
  const begun = all.find((it) => it.Description === Description && attachmentOf(it) === undefined);
  const id = begun?.NetworkInterfaceId ?? (await create(ec2, subnet?.id, Description, tags));
  if (id === undefined) throw new Error("a network interface was made without an id");
  // MiniStack ignores the tags in the call that creates an interface.
  await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tags }));
  await ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId: id, InstanceId: instanceId, DeviceIndex: 1 }));
}

/** One that is detached already has been left behind, and nobody looks after it any more: that is how EKS leaks them. */
async function create(
  ec2: EC2Client,
  SubnetId: string | undefined,
  Description: string,
  Tags: { Key: string; Value: string }[],
): Promise<string | undefined> {
  const TagSpecifications = [{ ResourceType: "network-interface" as const, Tags }];
  const { NetworkInterface: made } = await ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId, Description, TagSpecifications }),
  );
  return made?.NetworkInterfaceId;
}

async function remove({ ec2 }: Cloud, it: NetworkInterface, effects: CloudEffects): Promise<void> {
  const attachment = attachmentOf(it);
  if (attachment === undefined) return;
  try {
    await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId: attachment, Force: true }));
    if (effects.leavesInterface()) return;
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: it.NetworkInterfaceId }));
  } catch (error) {
    if (!/NotFound/.test(faultName(error))) throw error;
  }
}
