import { Fn, Tags } from "aws-cdk-lib";
import { FlowLogDestination, IpAddresses, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { explain } from "./acknowledgement.ts";
import type { Deployment } from "./deployment.ts";

interface NetworkProps {
  readonly deployment: Deployment;
  /** 0 puts the nodes into public subnets, and writes no flow log. */
  readonly natGateways: number;
}

/** Where the clusters' nodes and load balancers live: two zones, as EKS asks for. */
export class Network extends Construct {
  /** For control planes and nodes. */
  readonly subnetIds: readonly string[];

  constructor(scope: Construct, id: string, { deployment, natGateways }: NetworkProps) {
    super(scope, id);
    const isPrivate = natGateways > 0;
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.0.0.0/16"),
      // By index and not by name: a look-up would need credentials to synthesize.
      availabilityZones: [0, 1].map((zone) => Fn.select(zone, Fn.getAzs())),
      natGateways,
      subnetConfiguration: [
        {
          name: "Public",
          subnetType: SubnetType.PUBLIC,
          cidrMask: isPrivate ? 22 : 18,
          mapPublicIpOnLaunch: !isPrivate,
        },
        ...(isPrivate ? [{ name: "Private", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 18 }] : []),
      ],
      // Nothing uses the default group; emptying it would add a function with rights over all groups.
      restrictDefaultSecurityGroup: false,
    });
    for (const subnet of vpc.publicSubnets) Tags.of(subnet).add("kubernetes.io/role/elb", "1");
    for (const subnet of vpc.privateSubnets) Tags.of(subnet).add("kubernetes.io/role/internal-elb", "1");
    if (isPrivate) {
      const logs = new LogGroup(this, "FlowLogs", {
        retention: deployment.logRetention,
        removalPolicy: deployment.removalPolicy,
      });
      vpc.addFlowLog("FlowLog", { destination: FlowLogDestination.toCloudWatchLogs(logs) });
    } else {
      explain(
        vpc,
        "AwsSolutions-VPC7",
        "A network without private subnets is for trying things out; nobody reads its flow log.",
      );
    }
    this.subnetIds = (isPrivate ? vpc.privateSubnets : vpc.publicSubnets).map((it) => it.subnetId);
  }
}
