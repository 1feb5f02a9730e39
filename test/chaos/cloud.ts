import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  DetachNetworkInterfaceCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig, type LaptopAws } from "../../local/aws.ts";

/** What clusters are made of and leave behind, asked from the cloud's side and not from our records. */
export const resourceKinds = [
  "clusters",
  "volumes",
  "interfaces",
  "loadBalancers",
  "targetGroups",
  "securityGroups",
  "logGroups",
] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Ids or names of all that the account holds, of each kind. */
export type Inventory = Readonly<Record<ResourceKind, readonly string[]>>;

interface Described {
  readonly id: string | undefined;
  readonly tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
}

/**
 * Lists the account, as its operator; `withoutClusters` leaves out what belongs to a cluster.
 */
export async function listCloud(
  aws: LaptopAws,
  eksUrl: string,
  { withoutClusters = false }: { readonly withoutClusters?: boolean } = {},
): Promise<Inventory> {
  const config = clientConfig(aws);
  const ec2 = new EC2Client(config);
  const elb = new ElasticLoadBalancingV2Client(config);
  const logs = new CloudWatchLogsClient(config);
  const eks = new EKSClient({ ...config, endpoint: eksUrl });
  const [clusters, volumes, interfaces, groups, balancers, targets, logGroups] = await Promise.all([
    eks.send(new ListClustersCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    ec2.send(new DescribeSecurityGroupsCommand({})),
    elb.send(new DescribeLoadBalancersCommand({})),
    elb.send(new DescribeTargetGroupsCommand({})),
    logs.send(new DescribeLogGroupsCommand({})),
  ]);
  const named = (found: readonly (string | undefined)[] | undefined): readonly Described[] =>
    (found ?? []).map((id) => ({ id }));
  const all: Record<ResourceKind, readonly Described[]> = {
    clusters: named(clusters.clusters),
    volumes: (volumes.Volumes ?? []).map((it) => ({ id: it.VolumeId, tags: it.Tags })),
    interfaces: (interfaces.NetworkInterfaces ?? []).map((it) => ({ id: it.NetworkInterfaceId, tags: it.TagSet })),
    securityGroups: (groups.SecurityGroups ?? []).map((it) => ({ id: it.GroupId, tags: it.Tags })),
    loadBalancers: named(balancers.LoadBalancers?.map((it) => it.LoadBalancerArn)),
    targetGroups: named(targets.TargetGroups?.map((it) => it.TargetGroupArn)),
    logGroups: named(logGroups.logGroups?.map((it) => it.logGroupName)),
  };
  return inventoryOf((kind) => {
    const kept = all[kind].filter((it) => !withoutClusters || !isOfCluster(it, kind));
    return kept.flatMap(({ id }) => id ?? []).sort();
  });
}

/** Detaches what is left of a cluster's nodes, as an operator does by hand: interfaces in use are never deleted. */
export async function detachInterfaces(aws: LaptopAws, clusterId: string): Promise<void> {
  const ec2 = new EC2Client(clientConfig(aws));
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  for (const { Attachment, TagSet = [] } of NetworkInterfaces) {
    const isItsOwn = TagSet.some(({ Key, Value }) => Key === "eks:eks-cluster-name" && Value?.endsWith(clusterId));
    const AttachmentId = Attachment?.AttachmentId;
    if (isItsOwn && AttachmentId) await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId, Force: true }));
  }
}

/** What `after` holds and `before` did not. */
export function leftSince(before: Inventory, after: Inventory): Inventory {
  return inventoryOf((kind) => after[kind].filter((id) => !before[kind].includes(id)));
}

function inventoryOf(idsOf: (kind: ResourceKind) => readonly string[]): Inventory {
  return {
    clusters: idsOf("clusters"),
    volumes: idsOf("volumes"),
    interfaces: idsOf("interfaces"),
    loadBalancers: idsOf("loadBalancers"),
    targetGroups: idsOf("targetGroups"),
    securityGroups: idsOf("securityGroups"),
    logGroups: idsOf("logGroups"),
  };
}

/** Only clusters have clusters and load balancers here; the rest names its cluster in a tag. */
function isOfCluster({ tags = [] }: Described, kind: ResourceKind): boolean {
  if (kind === "clusters" || kind === "loadBalancers" || kind === "targetGroups") return true;
  return tags.some(({ Key }) => Key === "eks:eks-cluster-name" || Key === "sandlot:cluster");
}
