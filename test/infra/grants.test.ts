import { describe, expect, it } from "vitest";
import { idOf, synthesized } from "./synthesized.ts";

const stack = synthesized("laptop");

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What a function's role may do, a line for each kind of resource: `dynamodb Table: GetItem Query`. */
function grantsOf(roleId: string): string[] {
  const lines = new Map<string, Set<string>>();
  for (const statement of statementsOf(roleId)) {
    expect(statement.Effect).toBe("Allow");
    for (const action of [statement.Action].flat()) {
      const [service = "", name = ""] = action.split(":");
      for (const resource of [statement.Resource].flat()) {
        const on = `${service} ${shown(resource)}${condition(statement.Condition)}`;
        lines.set(on, (lines.get(on) ?? new Set()).add(name));
      }
    }
  }
  return [...lines].map(([on, names]) => `${on}: ${[...names].sort().join(" ")}`).sort();
}

/** ` if` with what the policy asks for, such as ` if aws:RequestTag/a like b-*`. */
function condition(conditions: Statement["Condition"]): string {
  const tests = Object.entries(conditions ?? {}).flatMap(([operator, wanted]) =>
    Object.entries(wanted).map(([key, value]) => {
      return `${key} ${operator === "StringLike" ? "like" : "is"} ${[value].flat().map(shown).join(" or ")}`;
    }),
  );
  return tests.length === 0 ? "" : ` if ${tests.join(" and ")}`;
}

function statementsOf(roleId: string): Statement[] {
  const role = JSON.stringify({ Ref: idOf(stack.resources, roleId) });
  // What is too much for a role's inline policies, the CDK moves into managed ones of the stack.
  return ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => Object.values(stack.of(type)))
    .filter(({ Roles }) => Roles.some((it: unknown) => JSON.stringify(it) === role))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** A resource as a reader knows it: logical ids without their hash, ARNs without partition, Region and account. */
function shown(resource: unknown): string {
  if (typeof resource === "string") return resource;
  const { "Fn::GetAtt": attribute, "Fn::Join": join } = resource as Record<string, [string, unknown]>;
  if (attribute) return attribute[0].replace(/[0-9A-F]{8}$/, "");
  const parts = (join?.[1] ?? []) as readonly unknown[];
  const text = parts.map((part) => {
    if (typeof part !== "object" || part === null) return part;
    if (!("Ref" in part)) return shown(part);
    return String(part.Ref).startsWith("AWS::") ? "" : String(part.Ref).replace(/[0-9A-F]{8}$/, "");
  });
  return text
    .filter((part) => typeof part === "string")
    .join("")
    .replace(/^arn:+[^:]*:+/, "");
}

const traces = "xray *: PutTelemetryRecords PutTraceSegments";
const sends = ["sqs QueuesRefillQueue: SendMessage", "sqs QueuesWorkQueue: SendMessage"];
const consumes = "ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage";
const owners = ["cluster.k8s.amazonaws.com/name", "eks:eks-cluster-name", "elbv2.k8s.aws/cluster"];
const leftover = (line: string) => {
  const [resource = "", action = ""] = line.split(": ");
  return owners.map((tag) => `${resource} if aws:ResourceTag/${tag} like sandlot-laptop-cls-*: ${action}`);
};

const expected: Readonly<Record<string, readonly string[]>> = {
  FunctionsApi: [
    "dynamodb Table/index/byTenant: Query",
    "dynamodb Table: DeleteItem GetItem PutItem Query UpdateItem",
    ...sends,
  ],
  FunctionsAccess: ["dynamodb Table: GetItem PutItem"],
  FunctionsRefiller: [
    "dynamodb Table: ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem",
    `sqs QueuesRefillQueue: ${consumes} SendMessage`,
    "sqs QueuesWorkQueue: SendMessage",
  ],
  FunctionsWorker: [
    "dynamodb Table: DeleteItem GetItem PutItem Query UpdateItem",
    "sqs QueuesRefillQueue: SendMessage",
    `sqs QueuesWorkQueue: ${consumes} SendMessage`,
    "eks cluster/sandlot-laptop-cls-* if aws:RequestTag/sandlot:deployment is sandlot-laptop: CreateCluster",
    "eks cluster/sandlot-laptop-cls-*: AssociateAccessPolicy CreateAccessEntry CreateAddon CreateNodegroup CreatePodIdentityAssociation DeleteCluster DeleteNodegroup DescribeAddon DescribeCluster DescribeNodegroup ListNodegroups TagResource UpdateClusterConfig",
    "eks access-entry/sandlot-laptop-cls-*: AssociateAccessPolicy TagResource",
    "eks nodegroup/sandlot-laptop-cls-*: DeleteNodegroup DescribeNodegroup TagResource",
    "eks addon/sandlot-laptop-cls-*: DescribeAddon TagResource",
    "eks podidentityassociation/sandlot-laptop-cls-*: TagResource",
    "eks *: DescribeClusterVersions",
    "ec2 * if ec2:LaunchTemplate is launch-template/ClustersManagedLaunchTemplate: RunInstances",
    "iam ClustersClusterRole if iam:PassedToService is eks.amazonaws.com: PassRole",
    "iam ClustersClusterRole: GetRole",
    "iam ClustersNodeRole if iam:PassedToService is eks.amazonaws.com or ec2.amazonaws.com: PassRole",
    "iam ClustersNodeRole: GetRole",
    "iam ClustersManagedNodeRole if iam:PassedToService is eks.amazonaws.com or ec2.amazonaws.com: PassRole",
    "iam ClustersManagedNodeRole: GetRole ListAttachedRolePolicies",
    "iam ClustersManagedStorageRole if iam:PassedToService is eks.amazonaws.com or pods.eks.amazonaws.com: PassRole",
    "iam ClustersManagedStorageRole: GetRole",
    "iam role/aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup if iam:AWSServiceName is eks-nodegroup.amazonaws.com: CreateServiceLinkedRole",
    "iam role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS if iam:AWSServiceName is eks.amazonaws.com: CreateServiceLinkedRole",
    "ec2 *: DescribeNetworkInterfaces DescribeSecurityGroups DescribeVolumes",
    ...leftover("ec2 network-interface/*: DeleteNetworkInterface"),
    ...leftover("ec2 security-group/*: DeleteSecurityGroup"),
    ...leftover("ec2 volume/*: DeleteVolume"),
    "elasticloadbalancing *: DescribeLoadBalancers DescribeTags DescribeTargetGroups",
    ...leftover("elasticloadbalancing loadbalancer/*: DeleteLoadBalancer"),
    ...leftover("elasticloadbalancing targetgroup/*: DeleteTargetGroup"),
  ],
  FunctionsReaper: ["dynamodb Table/index/byDue: Query", "dynamodb Table: GetItem PutItem Query UpdateItem", ...sends],
  FunctionsJanitor: [
    "dynamodb Table: GetItem Query",
    "sqs QueuesWorkQueue: SendMessage",
    "eks *: ListClusters",
    "eks cluster/sandlot-laptop-cls-*: DescribeCluster",
    "ec2 *: DescribeNetworkInterfaces DescribeSecurityGroups DescribeVolumes",
    "elasticloadbalancing *: DescribeLoadBalancers DescribeTags DescribeTargetGroups",
  ],
  PoolConfigurationConfigurer: [
    "dynamodb Table: PutItem Query UpdateItem",
    "eks *: DescribeClusterVersions",
    "sqs QueuesRefillQueue: SendMessage",
  ],
};

describe("what each function may do", () => {
  it.each(Object.entries(expected))("%s", (name, grants) => {
    const ofEvery = [traces, `logs ${name}Logs: CreateLogStream PutLogEvents`];
    expect(grantsOf(`${name}Role`)).toEqual([...grants, ...ofEvery].sort());
  });

  it("is said here for every role that a function has", () => {
    const roles = Object.entries(stack.of("AWS::IAM::Role"))
      .filter(([, it]) => JSON.stringify(it.AssumeRolePolicyDocument).includes("lambda.amazonaws.com"))
      .map(([id]) => id.replace(/Role[0-9A-F]{8}$/, ""));
    expect(roles.sort()).toEqual(Object.keys(expected).sort());
  });

  it("comes from its own policies only, none of AWS's", () => {
    for (const [id, role] of Object.entries(stack.of("AWS::IAM::Role"))) {
      if (!id.startsWith("Clusters")) expect([id, role.ManagedPolicyArns]).toEqual([id, undefined]);
    }
  });
});
