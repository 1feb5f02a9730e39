import { Stack } from "aws-cdk-lib";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { explain } from "./acknowledgement.ts";
import { type Deployment, deploymentTag } from "./deployment.ts";
import type { LambdaFunction } from "./function.ts";
import { allowing, type Wire } from "./wire.ts";

const awsManaged =
  "EKS Auto Mode works with these policies of AWS, which grow with the service; a copy would break a cluster.";

/** What all clusters share: the roles of their control planes and nodes, and the right to create and delete clusters. */
export class Clusters extends Construct {
  private readonly deployment: Deployment;
  private readonly clusterRole: Role;
  private readonly nodeRole: Role;

  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    this.deployment = props.deployment;
    const eks = new ServicePrincipal("eks.amazonaws.com");
    this.clusterRole = this.role("ClusterRole", eks, [
      "AmazonEKSClusterPolicy",
      "AmazonEKSComputePolicy",
      "AmazonEKSBlockStoragePolicy",
      "AmazonEKSLoadBalancingPolicy",
      "AmazonEKSNetworkingPolicy",
    ]);
    this.clusterRole.assumeRolePolicy?.addStatements(
      new PolicyStatement({ actions: ["sts:TagSession"], principals: [eks] }),
    );
    this.nodeRole = this.role("NodeRole", new ServicePrincipal("ec2.amazonaws.com"), [
      "AmazonEKSWorkerNodeMinimalPolicy",
      "AmazonEC2ContainerRegistryPullOnly",
    ]);
  }

  private role(id: string, assumedBy: ServicePrincipal, policies: readonly string[]): Role {
    const managedPolicies = policies.map((name) => ManagedPolicy.fromAwsManagedPolicyName(name));
    const role = new Role(this, id, { assumedBy, managedPolicies });
    for (const name of policies) {
      explain(role, `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`, awsManaged);
    }
    return role;
  }

  /** The control planes' role, with the right to hand it to EKS. */
  passingClusterRole(): Wire {
    return this.passing(this.clusterRole);
  }

  /** The nodes' role, with the right to hand it to EKS. */
  passingNodeRole(): Wire {
    return this.passing(this.nodeRole);
  }

  private passing(role: Role): Wire {
    return allowing(role.roleArn, ["iam:PassRole"], [role.roleArn], {
      StringEquals: { "iam:PassedToService": "eks.amazonaws.com" },
    });
  }

  /**
   * Lets a function create clusters of this deployment and delete them with everything that belongs to them, and touch
   * nothing else: EKS by the prefix of the name, what EKS leaves behind by the tag that names the cluster.
   */
  letManage(worker: LambdaFunction<unknown>): void {
    const stack = Stack.of(this);
    const prefix = `${this.deployment.id}-*`;
    const clusters = stack.formatArn({ service: "eks", resource: "cluster", resourceName: prefix });
    const nodeGroups = stack.formatArn({ service: "eks", resource: "nodegroup", resourceName: `${prefix}/*/*` });
    const accessEntries = stack.formatArn({ service: "eks", resource: "access-entry", resourceName: `${prefix}/*` });
    const resource = (service: string, kind: string) => stack.formatArn({ service, resource: kind, resourceName: "*" });
    const interfaces = resource("ec2", "network-interface");
    const volumes = resource("ec2", "volume");
    const securityGroups = resource("ec2", "security-group");
    const balancers = resource("elasticloadbalancing", "loadbalancer");
    const targetGroups = resource("elasticloadbalancing", "targetgroup");

    worker.allow(
      new PolicyStatement({
        actions: ["eks:CreateCluster", "eks:TagResource"],
        resources: [clusters],
        conditions: { StringEquals: { [`aws:RequestTag/${deploymentTag}`]: this.deployment.id } },
      }),
      new PolicyStatement({
        actions: [
          "eks:DescribeCluster",
          "eks:UpdateClusterConfig",
          "eks:DeleteCluster",
          "eks:CreateAccessEntry",
          "eks:ListNodegroups",
        ],
        resources: [clusters],
      }),
      new PolicyStatement({
        actions: ["eks:DescribeAccessEntry", "eks:AssociateAccessPolicy", "eks:ListAssociatedAccessPolicies"],
        resources: [accessEntries],
      }),
      new PolicyStatement({ actions: ["eks:DescribeNodegroup", "eks:DeleteNodegroup"], resources: [nodeGroups] }),
      new PolicyStatement({
        actions: [
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeVolumes",
          "ec2:DescribeSecurityGroups",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTags",
        ],
        resources: ["*"],
      }),
      new PolicyStatement({
        actions: ["ec2:DeleteNetworkInterface", "ec2:DeleteVolume", "ec2:DeleteSecurityGroup"],
        resources: [interfaces, volumes, securityGroups],
        conditions: { StringLike: { "aws:ResourceTag/eks:eks-cluster-name": prefix } },
      }),
      new PolicyStatement({
        actions: ["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup"],
        resources: [`${balancers}/*`, targetGroups],
        conditions: { StringLike: { "aws:ResourceTag/eks:eks-cluster-name": prefix } },
      }),
    );
    const arn = (rest: string) => `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${rest}]`;
    const here = "<AWS::Region>:<AWS::AccountId>";
    for (const kind of [`cluster/${prefix}`, `nodegroup/${prefix}/*/*`, `access-entry/${prefix}/*`]) {
      explain(
        worker.role,
        arn(`eks:${here}:${kind}`),
        "Clusters come and go; their names begin with the deployment's id.",
      );
    }
    for (const kind of ["network-interface/*", "volume/*", "security-group/*"]) {
      explain(
        worker.role,
        arn(`ec2:${here}:${kind}`),
        "Only what carries the name of one of the deployment's clusters.",
      );
    }
    for (const kind of ["loadbalancer/*/*", "targetgroup/*"]) {
      explain(
        worker.role,
        arn(`elasticloadbalancing:${here}:${kind}`),
        "Only what carries the name of one of the deployment's clusters.",
      );
    }
    explain(
      worker.role,
      "AwsSolutions-IAM5[Resource::*]",
      "EC2's and ELB's Describe actions and X-Ray's Put actions know no resources.",
    );
  }
}
