import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
  type TagDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EksDeployment } from "./deployment.ts";
import { faultName } from "./faults.ts";
import { belongsTo } from "./naming.ts";

/** `DescribeTags` takes so many ARNs at once (ELB API reference). */
const tagsAtOnce = 20;

/** What a look at the load balancers found, and what of it was asked to go. */
export interface Swept {
  readonly left: number;
  readonly removed: readonly string[];
}

/** Deletes the cluster's load balancers, then its target groups, which a load balancer holds until it is gone. */
export async function sweepLoadBalancers({ elb }: EksDeployment, cluster: string): Promise<Swept> {
  const balancers: string[] = [];
  for await (const page of paginateDescribeLoadBalancers({ client: elb }, {})) {
    balancers.push(...(page.LoadBalancers ?? []).flatMap((it) => it.LoadBalancerArn ?? []));
  }
  const groups: string[] = [];
  for await (const page of paginateDescribeTargetGroups({ client: elb }, {})) {
    groups.push(...(page.TargetGroups ?? []).flatMap((it) => it.TargetGroupArn ?? []));
  }
  const ours = new Set(await ownedBy(elb, cluster, [...balancers, ...groups]));
  const removed: string[] = [];
  for (const LoadBalancerArn of balancers.filter((arn) => ours.has(arn))) {
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    removed.push(`load-balancer/${LoadBalancerArn}`);
  }
  for (const TargetGroupArn of groups.filter((arn) => ours.has(arn))) {
    try {
      await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
      removed.push(`target-group/${TargetGroupArn}`);
    } catch (error) {
      if (faultName(error) !== "ResourceInUseException") throw error;
    }
  }
  return { left: ours.size, removed };
}

async function ownedBy(elb: EksDeployment["elb"], cluster: string, arns: readonly string[]): Promise<string[]> {
  const owned: string[] = [];
  for (let start = 0; start < arns.length; start += tagsAtOnce) {
    const described = await describeTags(elb, arns.slice(start, start + tagsAtOnce));
    owned.push(
      ...described.flatMap(({ ResourceArn, Tags }) => (ResourceArn && belongsTo(Tags, cluster) ? [ResourceArn] : [])),
    );
  }
  return owned;
}

/** One ARN that went meanwhile fails a whole request: ask for each alone then. */
async function describeTags(elb: EksDeployment["elb"], ResourceArns: string[]): Promise<TagDescription[]> {
  try {
    return (await elb.send(new DescribeTagsCommand({ ResourceArns }))).TagDescriptions ?? [];
  } catch (error) {
    if (!/NotFound/.test(faultName(error))) throw error;
    if (ResourceArns.length === 1) return [];
    const found: TagDescription[] = [];
    for (const arn of ResourceArns) found.push(...(await describeTags(elb, [arn])));
    return found;
  }
}
