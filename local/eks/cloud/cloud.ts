import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig, type LaptopAws } from "../../aws.ts";
import type { Subnet } from "../create-request.ts";

/** The emulated AWS, as the laptop's operator. */
export interface Cloud {
  readonly ec2: EC2Client;
  readonly elb: ElasticLoadBalancingV2Client;
}

/** A cluster, as far as its resources in the cloud name it. */
export interface ClusterInCloud {
  readonly name: string;
  readonly autoMode: boolean;
  /** At least one. */
  readonly subnets: readonly Subnet[];
}

/** Clients for the emulated AWS. */
export function connectCloud(aws: LaptopAws): Cloud {
  const config = clientConfig(aws);
  return { ec2: new EC2Client(config), elb: new ElasticLoadBalancingV2Client(config) };
}

/** Those of the subnets that exist. */
export async function findSubnets({ ec2 }: Cloud, ids: readonly string[]): Promise<readonly Subnet[]> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return Subnets.flatMap(({ SubnetId: id, VpcId: vpcId, AvailabilityZone: availabilityZone }) =>
    id !== undefined && vpcId !== undefined && availabilityZone !== undefined && ids.includes(id)
      ? [{ id, vpcId, availabilityZone }]
      : [],
  );
}
