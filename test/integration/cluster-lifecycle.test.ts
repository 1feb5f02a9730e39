import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { ApiException } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureBinary } from "../../local/controlplane/binary.ts";
import { startEks } from "../../local/eks/eks.ts";
import { type Ministack, startMinistack } from "../../local/ministack/ministack.ts";
import { freePort } from "../../local/ports.ts";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { eksProvider } from "../../shared/adapters/eks/provider.ts";
import { clusterToken } from "../../shared/adapters/eks/token.ts";
import { kubernetesAdministration } from "../../shared/adapters/kubernetes/administration.ts";
import { type KubernetesClient, withClient } from "../../shared/adapters/kubernetes/client.ts";
import type { ClusterIdentity } from "../../shared/adapters/kubernetes/connection.ts";
import { credentialIssuer } from "../../shared/adapters/kubernetes/credentials.ts";
import { asId, type ClusterId, type PoolId, type SandboxId } from "../../shared/domain/ids.ts";
import type { ClusterProvider, StepOutcome } from "../../shared/ports/cluster-provider.ts";
import type {
  CredentialIssuer,
  KubernetesAdministration,
  KubernetesTarget,
} from "../../shared/ports/kubernetes-access.ts";
import { aClassRevision } from "../support/builders.ts";

const deploymentId = "sandlot-test";
const built = aClassRevision({ clusterClass: { kubernetesVersion: "1.36", nodes: 2 } });
const order = { ...built, poolId: asId<PoolId>("small") };
const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const dir = mkdtempSync(join(tmpdir(), "sandlot-cluster-lifecycle-"));

let cloud: Ministack;
let front: Awaited<ReturnType<typeof startEks>>;
let eks: EKSClient;
let ec2: EC2Client;
let elb: ElasticLoadBalancingV2Client;
let provider: ClusterProvider;
let worker: ClusterIdentity;
let administration: KubernetesAdministration;
let issuer: CredentialIssuer;
let stranger: KubernetesAdministration;

beforeAll(async () => {
  const report = () => {};
  const binary = await ensureBinary({ report });
  cloud = await startMinistack({ dir: join(dir, "cloud"), report });
  const credentials = cloud.adminCredentials;
  front = await startEks({
    awsEndpoint: cloud.endpoint,
    ca: cloud.caFile,
    region: cloud.region,
    port: await freePort(),
    dir: join(dir, "eks"),
    binary,
    credentials,
    report,
  });
  const httpsAgent = new Agent({ ca: readFileSync(cloud.caFile) });
  const settings = { endpoint: cloud.endpoint, region: cloud.region, credentials, requestHandler: { httpsAgent } };
  eks = new EKSClient({ region: cloud.region, credentials, endpoint: front.url });
  ec2 = new EC2Client(settings);
  elb = new ElasticLoadBalancingV2Client(settings);

  const iam = new IAMClient(settings);
  const Principal = { Service: "eks.amazonaws.com", AWS: "*" };
  const Statement = [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  for (const RoleName of ["cluster", "node", "worker", "access", "stranger"]) {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  }
  const as = async (name: string) => {
    const assume = new AssumeRoleCommand({ RoleArn: roleArn(name), RoleSessionName: "test" });
    const { Credentials } = await new STSClient(settings).send(assume);
    const accessKeyId = Credentials?.AccessKeyId ?? "";
    const secretAccessKey = Credentials?.SecretAccessKey ?? "";
    const sessionToken = Credentials?.SessionToken ?? "";
    const { config } = new STSClient({ ...settings, credentials: { accessKeyId, secretAccessKey, sessionToken } });
    return { clusterToken: clusterToken(config), clusterName: (id: ClusterId) => clusterName(deploymentId, id) };
  };
  worker = await as("worker");
  administration = kubernetesAdministration(worker);
  issuer = credentialIssuer(await as("access"));
  stranger = kubernetesAdministration(await as("stranger"));

  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
  const subnetIds: string[] = [];
  for (const [zone, CidrBlock] of Object.entries({ a: "10.9.1.0/24", b: "10.9.2.0/24" })) {
    const place = { VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone: `${cloud.region}${zone}` };
    subnetIds.push((await ec2.send(new CreateSubnetCommand(place))).Subnet?.SubnetId ?? "");
  }
  provider = eksProvider({
    eks,
    ec2,
    elb,
    deploymentId,
    clusterRoleArn: roleArn("cluster"),
    nodeRoleArn: roleArn("node"),
    managedNodeRoleArn: roleArn("node"),
    storageRoleArn: roleArn("node"),
    launchTemplateId: "lt-0123456789abcdef0",
    workerRoleArn: roleArn("worker"),
    accessRoleArn: roleArn("access"),
    subnetIds,
  });
});

afterAll(async () => {
  await front?.stop();
  await cloud?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Repeats a step as the worker does; every step runs once more after it is done, as after a crash before the record. */
async function through<Outcome extends StepOutcome & { removed?: readonly string[] }>(step: () => Promise<Outcome>) {
  const removed: string[] = [];
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const outcome = await step();
    if ("removed" in outcome) removed.push(...(outcome.removed ?? []));
    if (outcome.kind === "done") return { outcome, removed };
    if (outcome.kind !== "again") throw new Error(`${outcome.kind}: ${outcome.note}`);
    await sleep(200);
  }
  throw new Error("The step does not come to an end.");
}

async function provision(id: ClusterId): Promise<KubernetesTarget> {
  await through(() => provider.create(id, order));
  await through(() => provider.create(id, order));
  const { outcome } = await through(() => provider.awaitActive(id));
  if (outcome.kind !== "done") throw new Error("It is not active.");
  const target = { id, ...outcome.address };
  for (const step of [
    () => provider.grantAccess(id),
    () => provider.provideNodes(id, built.clusterClass),
    () => administration.bootstrap(target, built),
    () => administration.validate(target, built.clusterClass.nodes),
  ]) {
    await through<StepOutcome>(step);
  }
  return target;
}

async function tearDown(
  id: ClusterId,
  steps: readonly (() => Promise<StepOutcome & { removed?: readonly string[] }>)[],
) {
  const removed: string[] = [];
  for (const step of [
    ...steps,
    () => provider.removeCompute(id),
    () => provider.removeInterfaces(id),
    () => provider.removeCluster(id),
    () => provider.verifyGone(id),
    () => provider.sweep(id),
  ]) {
    removed.push(...(await through(step)).removed);
    const again = await through(step);
    expect(again.removed).toEqual([]);
  }
  return removed;
}

/** What a learner makes: a load balancer, and a database on a volume. */
async function use({ core, apps }: KubernetesClient): Promise<void> {
  const namespace = "default";
  const labels = { app: "db" };
  await core.createNamespacedService({
    namespace,
    body: { metadata: { name: "web" }, spec: { type: "LoadBalancer", selector: labels, ports: [{ port: 80 }] } },
  });
  await apps.createNamespacedStatefulSet({
    namespace,
    body: {
      metadata: { name: "db" },
      spec: {
        selector: { matchLabels: labels },
        serviceName: "web",
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "db", image: "db", volumeMounts: [{ name: "data", mountPath: "/data" }] }] },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ],
      },
    },
  });
  await expect
    .poll(
      async () => {
        const service = await core.readNamespacedService({ namespace, name: "web" });
        const claim = (await core.listNamespacedPersistentVolumeClaim({ namespace })).items[0];
        return [Boolean(service.status?.loadBalancer?.ingress?.[0]?.hostname), claim?.status?.phase];
      },
      { timeout: 30_000, interval: 300 },
    )
    .toEqual([true, "Bound"]);
}

async function inCloud() {
  const [balancers, volumes, interfaces, clusters] = await Promise.all([
    elb.send(new DescribeLoadBalancersCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    eks.send(new ListClustersCommand({})),
  ]);
  return {
    balancers: balancers.LoadBalancers?.length ?? 0,
    volumes: volumes.Volumes?.length ?? 0,
    interfaces: interfaces.NetworkInterfaces?.length ?? 0,
    clusters: clusters.clusters?.length ?? 0,
  };
}

const nothing = { balancers: 0, volumes: 0, interfaces: 0, clusters: 0 };

test("a cluster is built, used, and torn down without a trace, each step twice", { timeout: 180_000 }, async () => {
  const id = asId<ClusterId>("cls-1");
  const target = await provision(id);
  expect(await stranger.bootstrap(target, built)).toMatchObject({
    kind: "again",
    note: expect.stringContaining("401"),
  });

  const { token } = await issuer.issue(target, asId<SandboxId>("sbx_1"), 600);
  await withClient(target, token, use);
  expect(await inCloud()).toMatchObject({ balancers: 1, volumes: 1, clusters: 1 });

  const removed = await tearDown(id, [
    () => administration.revokeCredentials(target),
    () => administration.removeExternals(target),
  ]);
  expect(removed).toEqual([
    "service/default/web",
    "persistent-volume-claim/default/data-db-0",
    `cluster/${clusterName(deploymentId, id)}`,
  ]);
  expect(await inCloud()).toEqual(nothing);
});

test("what a cluster leaves that could not be emptied first is found and swept", { timeout: 180_000 }, async () => {
  const id = asId<ClusterId>("cls-2");
  const target = await provision(id);
  const { token } = await issuer.issue(target, asId<SandboxId>("sbx_2"), 600);
  await withClient(target, token, use);

  const removed = await tearDown(id, []);
  expect(removed).toContainEqual(expect.stringMatching(/^volume\/vol-/));
  expect(await inCloud()).toEqual(nothing);
  expect(await administration.revokeCredentials(target)).toMatchObject({ kind: "done" });
});

test("a credential of one cluster is worth nothing at another", { timeout: 180_000 }, async () => {
  const [one, two] = await Promise.all(["cls-3", "cls-4"].map((it) => provision(asId<ClusterId>(it))));
  if (!one || !two) throw new Error("Two clusters were asked for.");
  const { token } = await issuer.issue(one, asId<SandboxId>("sbx_3"), 600);
  await withClient(one, token, ({ core }) => core.listNode());
  const refused = await withClient(two, token, ({ core }) => core.listNode()).catch((error: unknown) => error);
  expect(refused instanceof ApiException ? refused.code : refused).toBe(401);
  // The worker's own token for one cluster does not open the other.
  const misled = kubernetesAdministration({ ...worker, clusterName: () => clusterName(deploymentId, one.id) });
  expect(await misled.bootstrap(two, built)).toMatchObject({ kind: "again", note: expect.stringContaining("401") });
  await Promise.all([one, two].map((it) => tearDown(it.id, [])));
  expect(await inCloud()).toEqual(nothing);
});
