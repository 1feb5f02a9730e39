import { Stack } from "aws-cdk-lib";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { clusterIdPrefix } from "../../shared/domain/ids.ts";
import { explain, explainManagedPolicy, explainWildcard } from "./acknowledgement.ts";
import { type Deployment, deploymentTag } from "./deployment.ts";
import type { LambdaFunction } from "./function.ts";
import { ManagedNodes } from "./managed-nodes.ts";
import { allowing, type Wire } from "./wire.ts";

const awsManaged =
  "EKS Auto Mode works with these policies of AWS, which grow with the service; a copy would break a cluster.";

/** Tags by which a cluster's controllers mark what they make: EKS Auto Mode, the VPC CNI, the load balancer controller. */
const ownerTags = ["eks:eks-cluster-name", "cluster.k8s.amazonaws.com/name", "elbv2.k8s.aws/cluster"];

/** What finding the parts of a cluster takes; these actions know no resources. */
const looking = [
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeVolumes",
  "elasticloadbalancing:DescribeLoadBalancers",
  "elasticloadbalancing:DescribeTags",
  "elasticloadbalancing:DescribeTargetGroups",
] as const;

const namesOfClusters = "Clusters come and go; their names begin with the deployment's id.";
const lists = "EC2's and ELB's Describe actions, EKS's list of clusters and X-Ray's Put actions know no resources.";

/** What all clusters share: the roles of their control planes and nodes, and the right to create and delete clusters. */
export class Clusters extends Construct {
  private readonly deployment: Deployment;
  private readonly clusterRole: Role;
  private readonly nodeRole: Role;
  /** What clusters with managed node groups need beyond all that. */
  readonly managed: ManagedNodes;

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
    this.managed = new ManagedNodes(this, "Managed", props);
  }

  private role(id: string, assumedBy: ServicePrincipal, policies: readonly string[]): Role {
    const managedPolicies = policies.map((name) => ManagedPolicy.fromAwsManagedPolicyName(name));
    const role = new Role(this, id, { assumedBy, managedPolicies });
    for (const name of policies) explainManagedPolicy(role, name, awsManaged);
    return role;
  }

  /** The control planes' role, with the right to hand it to EKS. */
  passingClusterRole(): Wire {
    return this.passing(this.clusterRole);
  }

  /** The nodes' role, with the right to hand it to EKS, which hands it to EC2. */
  passingNodeRole(): Wire {
    return this.passing(this.nodeRole, "ec2.amazonaws.com");
  }

  private passing(role: Role, ...more: readonly string[]): Wire {
    const services = ["eks.amazonaws.com", ...more];
    const passing = allowing(role.roleArn, ["iam:PassRole"], [role.roleArn], {
      StringEquals: { "iam:PassedToService": services },
    });
    const looking = allowing(role.roleArn, ["iam:GetRole"], [role.roleArn]);
    return { ...passing, statements: [...passing.statements, ...looking.statements] };
  }

  /**
   * Lets a function create clusters of this deployment and delete them with everything that belongs to them, and touch
   * nothing else: EKS by the prefix of the name, what a cluster's controllers leave behind by the tag that names it.
   */
  letManage(worker: LambdaFunction<unknown>): void {
    const { prefix } = this;
    const arn = (service: string, resource: string) => Stack.of(this).formatArn({ service, resource });
    const clusters = arn("eks", `cluster/${prefix}`);
    const accessEntries = arn("eks", `access-entry/${prefix}`);
    const nodegroups = arn("eks", `nodegroup/${prefix}`);
    const serviceLinkedRole = Stack.of(this).formatArn({
      service: "iam",
      region: "",
      resource: "role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
    });
    const leftovers = {
      "ec2:DeleteNetworkInterface": arn("ec2", "network-interface/*"),
      "ec2:DeleteSecurityGroup": arn("ec2", "security-group/*"),
      "ec2:DeleteVolume": arn("ec2", "volume/*"),
      "elasticloadbalancing:DeleteLoadBalancer": arn("elasticloadbalancing", "loadbalancer/*"),
      "elasticloadbalancing:DeleteTargetGroup": arn("elasticloadbalancing", "targetgroup/*"),
    };
    worker.allow(
      new PolicyStatement({
        actions: ["eks:CreateCluster"],
        resources: [clusters],
        conditions: { StringEquals: { [`aws:RequestTag/${deploymentTag}`]: this.deployment.id } },
      }),
      new PolicyStatement({
        actions: [
          "eks:CreateAccessEntry",
          "eks:DeleteCluster",
          "eks:DescribeCluster",
          "eks:ListNodegroups",
          "eks:TagResource",
          "eks:UpdateClusterConfig",
        ],
        resources: [clusters],
      }),
      // AWS authorizes these two on the sub-resource, MiniStack on the cluster.
      new PolicyStatement({ actions: ["eks:AssociateAccessPolicy"], resources: [accessEntries, clusters] }),
      new PolicyStatement({ actions: ["eks:DeleteNodegroup"], resources: [nodegroups, clusters] }),
      new PolicyStatement({ actions: ["eks:TagResource"], resources: [accessEntries] }),
      // EKS makes its own role with the caller's rights when the account's first cluster is created.
      new PolicyStatement({
        actions: ["iam:CreateServiceLinkedRole"],
        resources: [serviceLinkedRole],
        conditions: { StringEquals: { "iam:AWSServiceName": "eks.amazonaws.com" } },
      }),
      new PolicyStatement({ actions: [...looking], resources: ["*"] }),
      ...ownerTags.flatMap((tag) =>
        Object.entries(leftovers).map(
          ([action, resource]) =>
            new PolicyStatement({
              actions: [action],
              resources: [resource],
              conditions: { StringLike: { [`aws:ResourceTag/${tag}`]: prefix } },
            }),
        ),
      ),
    );
    this.managed.letProvide(worker, prefix);
    this.explainWildcards(worker.role, prefix);
  }

  /** Lets a function see what the account holds of the deployment's clusters, and change nothing. */
  letLook(janitor: LambdaFunction<unknown>): void {
    const clusters = Stack.of(this).formatArn({ service: "eks", resource: `cluster/${this.prefix}` });
    janitor.allow(
      new PolicyStatement({ actions: ["eks:DescribeCluster"], resources: [clusters] }),
      new PolicyStatement({ actions: ["eks:ListClusters", ...looking], resources: ["*"] }),
    );
    explainWildcard(janitor.role, "eks", `cluster/${this.prefix}`, namesOfClusters);
    explain(janitor.role, "AwsSolutions-IAM5[Resource::*]", lists);
  }

  /** With the beginning of a cluster's id: `sandlot-*` would match what belongs to a deployment `sandlot-eu`. */
  private get prefix(): string {
    return `${this.deployment.id}-${clusterIdPrefix}*`;
  }

  private explainWildcards(role: Role, prefix: string): void {
    for (const kind of ["cluster", "access-entry", "nodegroup"]) {
      explainWildcard(role, "eks", `${kind}/${prefix}`, namesOfClusters);
    }
    for (const [service, kinds] of Object.entries({
      ec2: ["network-interface", "security-group", "volume"],
      elasticloadbalancing: ["loadbalancer", "targetgroup"],
    })) {
      const reason = "Only what a tag names as one of the deployment's clusters' own.";
      for (const kind of kinds) explainWildcard(role, service, `${kind}/*`, reason);
    }
    const launching = "What it launches, EC2 lets it launch from the stack's own template only.";
    explain(role, "AwsSolutions-IAM5[Resource::*]", `${lists} ${launching}`);
  }
}
