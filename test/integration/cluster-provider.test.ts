import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  EC2Client,
  type ResourceType,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import {
  type Addon,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  type EKSClientConfig,
  InvalidParameterException,
  ListAccessEntriesCommand,
  ListAddonsCommand,
  type Nodegroup,
  type VersionStatus,
} from "@aws-sdk/client-eks";
import {
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ministack, startMinistack } from "../../local/ministack/ministack.ts";
import type { EksDeployment } from "../../shared/adapters/eks/deployment.ts";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { eksProvider } from "../../shared/adapters/eks/provider.ts";
import { asId, type ClusterId, type PoolId } from "../../shared/domain/ids.ts";
import type { ClusterProvider, StepOutcome } from "../../shared/ports/cluster-provider.ts";

const deploymentId = "sandlot-test";
const order = {
  poolId: asId<PoolId>("small"),
  revision: "r1",
  clusterClass: { kubernetesVersion: "1.36", nodes: 2 },
};
const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const assumable = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const dir = mkdtempSync(join(tmpdir(), "sandlot-cluster-provider-"));

let cloud: Ministack;
let settings: EKSClientConfig;
let eks: EKSClient;
let ec2: EC2Client;
let elb: ElasticLoadBalancingV2Client;
let vpcId: string;
let subnetIds: string[];
let deployment: EksDeployment;
let provider: ClusterProvider;

beforeAll(async () => {
  cloud = await startMinistack({ dir, report: () => {} });
  settings = {
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: cloud.adminCredentials,
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(cloud.caFile) }) },
  };
  eks = offering({ status: "STANDARD_SUPPORT", ends: 300 });
  ec2 = new EC2Client(settings);
  elb = new ElasticLoadBalancingV2Client(settings);
  const iam = new IAMClient(settings);
  for (const RoleName of ["cluster", "node", "managed-node", "storage", "worker", "access", "other"]) {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: assumable }));
  }
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
  vpcId = text(Vpc?.VpcId);
  subnetIds = await Promise.all(
    ["10.9.1.0/24", "10.9.2.0/24"].map(async (CidrBlock, zone) => {
      const AvailabilityZone = `${cloud.region}${"ab"[zone]}`;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone }));
      return text(Subnet?.SubnetId);
    }),
  );
  deployment = {
    eks,
    ec2,
    elb,
    deploymentId,
    clusterRoleArn: role("cluster"),
    nodeRoleArn: role("node"),
    managedNodeRoleArn: role("managed-node"),
    storageRoleArn: role("storage"),
    launchTemplateId: "lt-0123456789abcdef0",
    workerRoleArn: role("worker"),
    accessRoleArn: role("access"),
    subnetIds,
  };
  provider = eksProvider(deployment);
});

afterAll(async () => {
  await cloud?.stop();
  rmSync(dir, { recursive: true, force: true });
});

let count = 0;
function newId(): ClusterId {
  count += 1;
  return asId<ClusterId>(`cls-${count}`);
}

function text(value: string | undefined): string {
  if (value === undefined) throw new Error("The cloud answered without an id.");
  return value;
}

/** Repeats a step as the worker does, without its pauses; answers the end and everything that was removed on the way. */
async function until<Outcome extends StepOutcome & { removed?: readonly string[] }>(step: () => Promise<Outcome>) {
  const removed: string[] = [];
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const outcome = await step();
    if ("removed" in outcome) removed.push(...(outcome.removed ?? []));
    if (outcome.kind !== "again") return { outcome, removed };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The step does not come to an end.");
}

async function describe(id: ClusterId) {
  return (await eks.send(new DescribeClusterCommand({ name: clusterName(deploymentId, id) }))).cluster;
}

const tagged = (ResourceType: ResourceType, tags: Record<string, string>): TagSpecification[] => [
  { ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
];

/** What a cluster's controllers make in the cloud, tagged as they tag it. */
async function leaveBehind(owner: Record<string, string>) {
  const Tags = Object.entries(owner).map(([Key, Value]) => ({ Key, Value }));
  count += 1;
  const volume = await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${cloud.region}a`,
      Size: 1,
      TagSpecifications: tagged("volume", owner),
    }),
  );
  const group = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `group-${count}`,
      Description: "of a load balancer",
      VpcId: vpcId,
      TagSpecifications: tagged("security-group", owner),
    }),
  );
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: text(subnetIds[0]) }));
  const card = text(NetworkInterface?.NetworkInterfaceId);
  await ec2.send(new CreateTagsCommand({ Resources: [card], Tags }));
  const balancer = await elb.send(
    new CreateLoadBalancerCommand({ Name: `balancer-${count}`, Subnets: subnetIds, Type: "network", Tags }),
  );
  const target = await elb.send(
    new CreateTargetGroupCommand({ Name: `target-${count}`, Protocol: "TCP", Port: 80, VpcId: vpcId, Tags }),
  );
  return {
    volume: text(volume.VolumeId),
    group: text(group.GroupId),
    card,
    balancer: text(balancer.LoadBalancers?.[0]?.LoadBalancerArn),
    target: text(target.TargetGroups?.[0]?.TargetGroupArn),
  };
}

async function everything(): Promise<string[]> {
  const [volumes, groups, cards, balancers, targets] = await Promise.all([
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeSecurityGroupsCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    elb.send(new DescribeLoadBalancersCommand({})),
    elb.send(new DescribeTargetGroupsCommand({})),
  ]);
  return [
    ...(volumes.Volumes ?? []).map((it) => text(it.VolumeId)),
    ...(groups.SecurityGroups ?? []).map((it) => text(it.GroupId)),
    ...(cards.NetworkInterfaces ?? []).map((it) => text(it.NetworkInterfaceId)),
    ...(balancers.LoadBalancers ?? []).map((it) => text(it.LoadBalancerArn)),
    ...(targets.TargetGroups ?? []).map((it) => text(it.TargetGroupArn)),
  ];
}

test("a cluster is asked for with the deployment's tags", async () => {
  const id = newId();
  expect(await provider.create(id, order)).toEqual({ kind: "done" });
  expect((await describe(id))?.tags).toEqual({
    "sandlot:deployment": deploymentId,
    "sandlot:cluster": id,
    "sandlot:pool": "small",
    "sandlot:revision": "r1",
  });
});

test("asking again after a crash adopts the cluster that is there", async () => {
  const id = newId();
  await provider.create(id, order);
  const first = await describe(id);
  expect(await provider.create(id, order)).toMatchObject({ kind: "done" });
  expect((await describe(id))?.createdAt).toEqual(first?.createdAt);
});

test("a name that somebody else's cluster has fails the cluster and touches nothing", async () => {
  const id = newId();
  const name = clusterName(deploymentId, id);
  const resourcesVpcConfig = { subnetIds };
  await eks.send(new CreateClusterCommand({ name, roleArn: role("other"), resourcesVpcConfig, tags: { team: "x" } }));
  const theirs = await leaveBehind({ "eks:eks-cluster-name": name });

  expect(await provider.create(id, order)).toMatchObject({ kind: "failed" });
  expect(await provider.removeCompute(id)).toMatchObject({ kind: "done", removed: [] });
  expect(await provider.removeInterfaces(id)).toMatchObject({ kind: "done", removed: [] });
  expect(await provider.removeCluster(id)).toMatchObject({ kind: "done", removed: [] });
  expect(await provider.verifyGone(id)).toMatchObject({ kind: "done" });
  expect(await provider.sweep(id)).toMatchObject({ kind: "done", removed: [] });

  expect((await describe(id))?.name).toBe(name);
  expect(await everything()).toEqual(expect.arrayContaining(Object.values(theirs)));
});

test("only the worker and the access function get an access entry, however often it is asked for", async () => {
  const id = newId();
  await provider.create(id, order);
  for (let time = 0; time < 2; time += 1) {
    expect((await until(() => provider.grantAccess(id))).outcome).toEqual({ kind: "done" });
  }
  const { accessEntries } = await eks.send(
    new ListAccessEntriesCommand({ clusterName: clusterName(deploymentId, id) }),
  );
  expect(accessEntries?.sort()).toEqual([role("access"), role("worker")]);
});

test("what the cloud refuses for good fails the cluster, in the cloud's words", async () => {
  const impossible = { ...deployment, clusterRoleArn: role("nobody") };
  const outcome = await eksProvider(impossible).create(newId(), order);
  expect(outcome).toMatchObject({ kind: "failed", note: expect.stringContaining("nobody") });
});

test("a class in Auto Mode needs nothing more, and one with managed nodes its node group and add-ons", async () => {
  const id = newId();
  await provider.create(id, order);
  expect(await provider.provideNodes(id, order.clusterClass)).toEqual({ kind: "done" });

  const clusterClass = { ...order.clusterClass, compute: { instanceTypes: ["m7g.large"] }, features: [] };
  const first = await provider.provideNodes(id, clusterClass);
  expect(first).toMatchObject({ kind: "again", note: expect.stringContaining("node group asked for") });
  expect((await until(() => provider.provideNodes(id, clusterClass))).outcome).toEqual({ kind: "done" });
  const { nodegroup } = await eks.send(
    new DescribeNodegroupCommand({ clusterName: clusterName(deploymentId, id), nodegroupName: "nodes" }),
  );
  expect(nodegroup).toMatchObject({
    amiType: "AL2023_ARM_64_STANDARD",
    scalingConfig: { minSize: 2, desiredSize: 2, maxSize: 2 },
    tags: { "sandlot:deployment": deploymentId, "sandlot:cluster": id },
  });
  const { addons } = await eks.send(new ListAddonsCommand({ clusterName: clusterName(deploymentId, id) }));
  expect(addons?.sort()).toEqual(["coredns", "kube-proxy", "vpc-cni"]);
});

test("a node group or add-on of that name that is not ours is left alone", async () => {
  const id = newId();
  const name = clusterName(deploymentId, id);
  await provider.create(id, order);
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: name,
      nodegroupName: "nodes",
      nodeRole: role("node"),
      subnets: subnetIds,
    }),
  );
  const compute = { instanceTypes: ["m7i.large"] };
  const outcome = await until(() => provider.provideNodes(id, { ...order.clusterClass, compute, features: [] }));
  expect(outcome.outcome).toMatchObject({ kind: "failed", note: "its node group is not ours" });
});

const fleet = { ...order.clusterClass, compute: { instanceTypes: ["m7i.large"] }, features: [] };

test.each([
  ["InstanceLimitExceeded", "capacityBlocked", "ResourceNotFoundException"],
  ["NodeCreationFailure", "failed", "nothing"],
])(
  "a node group that failed for %s makes the cluster %s; one that found no room goes, to be asked for again",
  async (code, kind, gone) => {
    const id = newId();
    await provider.create(id, order);
    await until(() => provider.provideNodes(id, fleet));
    const health = { issues: [{ code, message: "of 2 instances" }] };
    const failing = answering("DescribeNodegroupCommand", ({ nodegroup }) => ({
      nodegroup: { ...nodegroup, status: "CREATE_FAILED", health },
    }));
    expect(await eksProvider({ ...deployment, eks: failing }).provideNodes(id, fleet)).toMatchObject({
      kind,
      note: `node group CREATE_FAILED: ${code}: of 2 instances`,
    });
    const group = { clusterName: clusterName(deploymentId, id), nodegroupName: "nodes" };
    const left = await eks.send(new DescribeNodegroupCommand(group)).then(
      () => "nothing",
      (error: Error) => error.name,
    );
    expect(left).toBe(gone);
  },
);

test("an add-on that could not be made fails the cluster with its health, and one that is degraded may yet recover", async () => {
  const id = newId();
  await provider.create(id, order);
  await until(() => provider.provideNodes(id, fleet));
  const health = { issues: [{ code: "InsufficientNumberOfReplicas", message: "no node" }] };
  const provide = (status: string) => {
    const client = answering("DescribeAddonCommand", ({ addon }) => ({ addon: { ...addon, status, health } }));
    return eksProvider({ ...deployment, eks: client }).provideNodes(id, fleet);
  };
  const note = "InsufficientNumberOfReplicas: no node";
  expect(await provide("CREATE_FAILED")).toEqual({ kind: "failed", note: `add-on vpc-cni CREATE_FAILED: ${note}` });
  expect(await provide("DEGRADED")).toMatchObject({
    kind: "again",
    note: expect.stringContaining(`DEGRADED: ${note}`),
  });
});

test.each([
  [undefined, "EKS does not offer Kubernetes 1.36"],
  [{ status: "EXTENDED_SUPPORT", ends: -1 }, "Kubernetes 1.36 is out of EKS's standard support, which ended on "],
] as const)("a version in a state that no cluster should be made of fails the class: %j", async (state, note) => {
  const id = newId();
  expect(await eksProvider({ ...deployment, eks: offering(state) }).create(id, order)).toMatchObject({
    kind: "failed",
    fault: "class",
    note: expect.stringContaining(note),
  });
  expect(await provider.awaitActive(id)).toMatchObject({ kind: "again" });
});

test("a version that EKS refuses although it lists it fails the class too", async () => {
  const refusing = offering({ status: "STANDARD_SUPPORT", ends: 300 });
  refusing.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== "CreateClusterCommand") return next(args);
      const message = "unsupported Kubernetes version";
      throw new InvalidParameterException({ message, $metadata: {} });
    },
    { step: "initialize" },
  );
  expect(await eksProvider({ ...deployment, eks: refusing }).create(newId(), order)).toEqual({
    kind: "failed",
    fault: "class",
    note: "unsupported Kubernetes version",
  });
});

test("a version that leaves standard support soon is built, and told of", async () => {
  const id = newId();
  const soon = eksProvider({ ...deployment, eks: offering({ status: "STANDARD_SUPPORT", ends: 30 }) });
  expect(await soon.create(id, order)).toEqual({ kind: "done", supportEndsAt: expect.any(Number) });
  expect((await describe(id))?.name).toBe(clusterName(deploymentId, id));
});

/** The cloud, which gives other answers to one kind of question. */
function answering(
  command: string,
  change: (answer: { readonly nodegroup?: Nodegroup; readonly addon?: Addon }) => object,
): EKSClient {
  const client = offering({ status: "STANDARD_SUPPORT", ends: 300 });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (context.commandName !== command) return answer;
      const output: object = answer.output;
      return { ...answer, output: { ...answer.output, ...change(output) } };
    },
    { step: "initialize" },
  );
  return client;
}

/** The cloud with a calendar of versions: MiniStack has none. */
function offering(state: { readonly status: VersionStatus; readonly ends: number } | undefined): EKSClient {
  const clusterVersions = state && [
    {
      clusterVersion: "1.36",
      versionStatus: state.status,
      endOfStandardSupportDate: new Date(Date.now() + state.ends * 86_400_000),
    },
  ];
  const client = new EKSClient(settings);
  client.middlewareStack.add(
    (next, context) => async (args) =>
      context.commandName === "DescribeClusterVersionsCommand"
        ? { response: undefined, output: { $metadata: {}, ...(clusterVersions && { clusterVersions }) } }
        : next(args),
    { step: "initialize" },
  );
  return client;
}

test("a cluster that the cloud does not show yet is waited for", async () => {
  expect(await provider.awaitActive(newId())).toMatchObject({ kind: "again" });
});

test("a tear-down in the right order leaves nothing, names what it removed, and may be repeated", async () => {
  const id = newId();
  const name = clusterName(deploymentId, id);
  await provider.create(id, order);
  const before = await everything();
  const neighbour = await leaveBehind({ "eks:eks-cluster-name": `${name}0` });
  const shared = await leaveBehind({ [`kubernetes.io/cluster/${name}`]: "shared" });
  const ours = await leaveBehind({ "eks:eks-cluster-name": name, "eks:kubernetes-cni-node-name": "i-1" });
  const byController = await leaveBehind({ "elbv2.k8s.aws/cluster": name });
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: name,
      nodegroupName: "extra",
      nodeRole: role("node"),
      subnets: subnetIds,
    }),
  );

  const compute = await until(() => provider.removeCompute(id));
  expect(compute).toMatchObject({ outcome: { kind: "done" }, removed: ["nodegroup/extra"] });
  const interfaces = await until(() => provider.removeInterfaces(id));
  expect(interfaces.removed.sort()).toEqual(
    [`network-interface/${ours.card}`, `network-interface/${byController.card}`].sort(),
  );
  expect((await until(() => provider.removeCluster(id))).removed).toEqual([`cluster/${name}`]);
  expect((await until(() => provider.verifyGone(id))).outcome).toMatchObject({ kind: "done" });
  const swept = await until(() => provider.sweep(id));
  expect(swept.outcome).toMatchObject({ kind: "done" });
  expect(swept.removed.sort()).toEqual(
    [ours, byController]
      .flatMap((it) => [
        `load-balancer/${it.balancer}`,
        `target-group/${it.target}`,
        `security-group/${it.group}`,
        `volume/${it.volume}`,
      ])
      .sort(),
  );

  const left = [...before, ...Object.values(neighbour), ...Object.values(shared)];
  expect((await everything()).sort()).toEqual(left.sort());
  for (const step of ["removeCompute", "removeInterfaces", "removeCluster", "verifyGone", "sweep"] as const) {
    expect(await provider[step](id)).toMatchObject({ kind: "done" });
  }
});
