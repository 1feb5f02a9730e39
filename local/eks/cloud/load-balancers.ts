import { createHash } from "node:crypto";
import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateLoadBalancerCommand,
  DeleteLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  type LoadBalancer,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { KubernetesObject } from "@kubernetes/client-node";
import { faultName } from "../fault-name.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { isOwned } from "./tags.ts";

const tagsAtOnce = 20;

/** Deletes every load balancer of the cluster with its security group; repeatable. */
export async function removeLoadBalancers(cloud: Cloud, cluster: string): Promise<void> {
  const { LoadBalancers = [] } = await cloud.elb.send(new DescribeLoadBalancersCommand({}));
  const arns = LoadBalancers.flatMap((it) => it.LoadBalancerArn ?? []);
  for (let start = 0; start < arns.length; start += tagsAtOnce) {
    const ResourceArns = arns.slice(start, start + tagsAtOnce);
    const { TagDescriptions = [] } = await cloud.elb.send(new DescribeTagsCommand({ ResourceArns }));
    for (const { ResourceArn, Tags } of TagDescriptions) {
      if (isOwned(Tags, cluster)) await cloud.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: ResourceArn }));
    }
  }
  const { SecurityGroups = [] } = await cloud.ec2.send(new DescribeSecurityGroupsCommand({}));
  for (const { GroupId, Tags } of SecurityGroups) {
    if (isOwned(Tags, cluster)) await deleteGroup(cloud, GroupId);
  }
}

/** What a load balancer is for, and how it is made. */
export interface BalancerRequest {
  readonly name: string;
  readonly type: "network" | "application";
  readonly isInternetFacing: boolean;
  readonly tags: { Key: string; Value: string }[];
}

/** The controllers' pattern, `k8s-<namespace>-<name>-<hash>`: at most 32 characters, the same for the same object. */
export function balancerName(cluster: string, { metadata }: KubernetesObject): string {
  const part = (value = "") => value.replace(/[^a-z0-9]/gi, "").slice(0, 8);
  const hash = createHash("sha256").update(`${cluster}/${metadata?.uid}`).digest("hex").slice(0, 10);
  return `k8s-${part(metadata?.namespace)}-${part(metadata?.name)}-${hash}`;
}

/** Makes a load balancer with a security group of its own, unless it is there; answers its host name. */
export async function ensureBalancer(cloud: Cloud, cluster: ClusterInCloud, asked: BalancerRequest): Promise<string> {
  const { name, tags } = asked;
  const made =
    (await find(cloud, name)) ?? (await create(cloud, cluster, asked, await groupFor(cloud, cluster, name, tags)));
  return made.DNSName ?? "";
}

async function create(
  { elb }: Cloud,
  cluster: ClusterInCloud,
  { name, type, isInternetFacing, tags }: BalancerRequest,
  group: string,
): Promise<LoadBalancer> {
  const { LoadBalancers = [] } = await elb.send(
    new CreateLoadBalancerCommand({
      Name: name,
      Type: type,
      Scheme: isInternetFacing ? "internet-facing" : "internal",
      Subnets: cluster.subnets.map((it) => it.id),
      SecurityGroups: [group],
      Tags: tags,
    }),
  );
  const made = LoadBalancers[0];
  if (made === undefined) throw new Error(`the load balancer ${name} was not made`);
  return made;
}

async function groupFor(
  cloud: Cloud,
  cluster: ClusterInCloud,
  name: string,
  tags: { Key: string; Value: string }[],
): Promise<string> {
  return (await findGroup(cloud, name)) ?? (await createGroup(cloud, cluster, name, tags));
}

async function createGroup(
  { ec2 }: Cloud,
  cluster: ClusterInCloud,
  GroupName: string,
  Tags: { Key: string; Value: string }[],
): Promise<string> {
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName,
      Description: "[k8s] Managed SecurityGroup for LoadBalancer",
      VpcId: cluster.subnets[0]?.vpcId,
      TagSpecifications: [{ ResourceType: "security-group", Tags }],
    }),
  );
  if (GroupId === undefined) throw new Error(`the security group ${GroupName} was not made`);
  return GroupId;
}

/** Deletes a load balancer and its security group; repeatable. */
export async function removeBalancer(cloud: Cloud, name: string): Promise<void> {
  const balancer = await find(cloud, name);
  if (balancer !== undefined) {
    await cloud.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: balancer.LoadBalancerArn }));
  }
  const group = await findGroup(cloud, name);
  if (group !== undefined) await deleteGroup(cloud, group);
}

async function find({ elb }: Cloud, name: string): Promise<LoadBalancer | undefined> {
  try {
    return (await elb.send(new DescribeLoadBalancersCommand({ Names: [name] }))).LoadBalancers?.[0];
  } catch (error) {
    if (/LoadBalancerNotFound/.test(faultName(error))) return undefined;
    throw error;
  }
}

async function findGroup({ ec2 }: Cloud, name: string): Promise<string | undefined> {
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "group-name", Values: [name] }] }),
  );
  return SecurityGroups.find((it) => it.GroupName === name)?.GroupId;
}

async function deleteGroup({ ec2 }: Cloud, GroupId: string | undefined): Promise<void> {
  try {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  } catch (error) {
    if (!/NotFound/.test(faultName(error))) throw error;
  }
}
