import {
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
  type TagDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EksAccount } from "./deployment.ts";
import { faultName } from "./faults.ts";
import type { Owned, OwnedKind, Owners } from "./owned.ts";

/** `DescribeTags` takes so many ARNs at once (ELB API reference). */
const tagsAtOnce = 20;

/** Every load balancer and target group that the owners' tags claim. The lists know no filters: all of the account's are read. */
export async function listLoadBalancers({ elb: client }: EksAccount, owners: Owners): Promise<Owned[]> {
  const seen = new Map<string, { readonly kind: OwnedKind; readonly createdAt?: number }>();
  for await (const page of paginateDescribeLoadBalancers({ client }, {})) {
    for (const { LoadBalancerArn: arn, CreatedTime } of page.LoadBalancers ?? []) {
      if (arn) seen.set(arn, { kind: "load-balancer", ...(CreatedTime && { createdAt: CreatedTime.getTime() }) });
    }
  }
  for await (const page of paginateDescribeTargetGroups({ client }, {})) {
    for (const { TargetGroupArn: arn } of page.TargetGroups ?? []) if (arn) seen.set(arn, { kind: "target-group" });
  }
  const arns = [...seen.keys()];
  const found: Owned[] = [];
  for (let start = 0; start < arns.length; start += tagsAtOnce) {
    for (const { ResourceArn: id = "", Tags } of await describeTags(client, arns.slice(start, start + tagsAtOnce))) {
      const cluster = owners.ownerIn(Tags);
      const facts = seen.get(id);
      if (facts && cluster !== undefined) found.push({ id, cluster, ...facts });
    }
  }
  return found;
}

/** One ARN that went meanwhile fails a whole request: ask for each alone then. */
async function describeTags(elb: EksAccount["elb"], ResourceArns: string[]): Promise<TagDescription[]> {
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
