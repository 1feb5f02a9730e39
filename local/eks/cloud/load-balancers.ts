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
import type { V1Service } from "@kubernetes/client-node";
import { faultName } from "../fault-name.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { type Kubernetes, merging, unless } from "./kubernetes.ts";
import { isOwned, ownedTags } from "./tags.ts";

/** Keeps a Service until its load balancer is gone, as the load balancer controller does. */
const finalizer = "service.k8s.aws/resources";
const classes = [undefined, "eks.amazonaws.com/nlb", "service.k8s.aws/nlb"];
const tagsAtOnce = 20;

/** Gives a Service of type LoadBalancer its load balancer, and takes it away when the Service goes or changes. */
export async function reconcileService(
  kubernetes: Kubernetes,
  cloud: Cloud,
  cluster: ClusterInCloud,
  service: V1Service,
): Promise<void> {
  const { name = "", namespace = "", deletionTimestamp, finalizers = [] } = service.metadata ?? {};
  const wanted =
    deletionTimestamp === undefined &&
    service.spec?.type === "LoadBalancer" &&
    classes.includes(service.spec.loadBalancerClass);
  const held = finalizers.includes(finalizer);
  if (!wanted) {
    if (!held) return;
    await removeByName(cloud, balancerName(cluster.name, service));
    const remaining = finalizers.filter((it) => it !== finalizer);
    if (deletionTimestamp === undefined) await setHostname(kubernetes, service, undefined);
    await patchFinalizers(kubernetes, name, namespace, remaining);
    return;
  }
  if (!held) await patchFinalizers(kubernetes, name, namespace, [...finalizers, finalizer]);
  if (held && service.status?.loadBalancer?.ingress?.[0]?.hostname !== undefined) return;
  const balancer = await ensure(cloud, cluster, service);
  await setHostname(kubernetes, service, balancer.DNSName);
}

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

/** The controller's pattern, `k8s-<namespace>-<name>-<hash>`: at most 32 characters, the same for the same Service. */
export function balancerName(cluster: string, { metadata }: V1Service): string {
  const part = (value = "") => value.replace(/[^a-z0-9]/gi, "").slice(0, 8);
  const hash = createHash("sha256").update(`${cluster}/${metadata?.uid}`).digest("hex").slice(0, 10);
  return `k8s-${part(metadata?.namespace)}-${part(metadata?.name)}-${hash}`;
}

async function ensure(cloud: Cloud, cluster: ClusterInCloud, service: V1Service): Promise<LoadBalancer> {
  const name = balancerName(cluster.name, service);
  const existing = await find(cloud, name);
  if (existing !== undefined) return existing;
  const Tags = ownedTags(cluster.name, {
    "elbv2.k8s.aws/cluster": cluster.name,
    "service.k8s.aws/stack": `${service.metadata?.namespace}/${service.metadata?.name}`,
    "service.k8s.aws/resource": "LoadBalancer",
  });
  const group = (await findGroup(cloud, name)) ?? (await createGroup(cloud, cluster, name, Tags));
  const { LoadBalancers = [] } = await cloud.elb.send(
    new CreateLoadBalancerCommand({
      Name: name,
      Type: "network",
      Scheme:
        service.metadata?.annotations?.["service.beta.kubernetes.io/aws-load-balancer-scheme"] === "internet-facing"
          ? "internet-facing"
          : "internal",
      Subnets: cluster.subnets.map((it) => it.id),
      SecurityGroups: [group],
      Tags,
    }),
  );
  const made = LoadBalancers[0];
  if (made === undefined) throw new Error(`the load balancer ${name} was not made`);
  return made;
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

async function removeByName(cloud: Cloud, name: string): Promise<void> {
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

async function patchFinalizers(
  { core }: Kubernetes,
  name: string,
  namespace: string,
  finalizers: readonly string[],
): Promise<void> {
  await unless(404, core.patchNamespacedService({ name, namespace, body: { metadata: { finalizers } } }, merging));
}

async function setHostname({ core }: Kubernetes, { metadata }: V1Service, hostname: string | undefined): Promise<void> {
  const { name = "", namespace = "" } = metadata ?? {};
  const loadBalancer = { ingress: hostname === undefined ? null : [{ hostname }] };
  await unless(
    404,
    core.patchNamespacedServiceStatus({ name, namespace, body: { status: { loadBalancer } } }, merging),
  );
}
