import { DescribeNetworkInterfacesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig } from "../../local/aws.ts";
import { target } from "./sandlot.ts";

/** What the cloud itself holds of a cluster, asked from its side and not from our records. */
export interface Leftovers {
  readonly clusters: readonly string[];
  readonly volumes: readonly string[];
  readonly interfaces: readonly string[];
  readonly loadBalancers: readonly string[];
}

export const nothing: Leftovers = { clusters: [], volumes: [], interfaces: [], loadBalancers: [] };

/** SDK settings that reach the deployment's AWS as its operator. */
export function operator() {
  const { aws } = target();
  return aws ? clientConfig(aws) : {};
}

export async function leftovers(clusterId: string): Promise<Leftovers> {
  const eksUrl = target().aws?.eksUrl;
  const eks = new EKSClient({ ...operator(), ...(eksUrl !== undefined && { endpoint: eksUrl }) });
  const ec2 = new EC2Client(operator());
  const elb = new ElasticLoadBalancingV2Client(operator());
  const mentions = (tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = []) =>
    tags.some(({ Key, Value }) => `${Key}=${Value}`.includes(clusterId));

  const [{ clusters = [] }, { Volumes = [] }, { NetworkInterfaces = [] }, { LoadBalancers = [] }] = await Promise.all([
    eks.send(new ListClustersCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    elb.send(new DescribeLoadBalancersCommand({})),
  ]);
  const ResourceArns = LoadBalancers.flatMap((it) => it.LoadBalancerArn ?? []);
  const { TagDescriptions = [] } =
    ResourceArns.length > 0 ? await elb.send(new DescribeTagsCommand({ ResourceArns })) : {};
  return {
    clusters: clusters.filter((name) => name.includes(clusterId)),
    volumes: Volumes.filter((it) => mentions(it.Tags)).map((it) => it.VolumeId ?? ""),
    interfaces: NetworkInterfaces.filter((it) => mentions(it.TagSet)).map((it) => it.NetworkInterfaceId ?? ""),
    loadBalancers: TagDescriptions.filter((it) => mentions(it.Tags)).map((it) => it.ResourceArn ?? ""),
  };
}
