import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateVolumeCommand, DescribeSubnetsCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureBinary } from "../../local/controlplane/binary.ts";
import { type Eks, startEks } from "../../local/eks/eks.ts";
import { addFault, clearFaults } from "../../local/eks/faults/client.ts";
import { type Ministack, startMinistack } from "../../local/ministack/ministack.ts";
import type { EksAccount } from "../../shared/adapters/eks/deployment.ts";
import { removeInterfaces } from "../../shared/adapters/eks/interfaces.ts";
import { eksInventory, inventory } from "../../shared/adapters/eks/inventory.ts";
import { clusterName, tagsOf } from "../../shared/adapters/eks/naming.ts";
import { sweep } from "../../shared/adapters/eks/sweep.ts";
import { removeCluster, removeCompute, verifyGone } from "../../shared/adapters/eks/teardown.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import { type OrphanMode, reconcileCloud } from "../../shared/usecases/reconcile-cloud.ts";
import { removeOrphan } from "../../shared/usecases/remove-orphan.ts";
import { inMemory, small } from "../support/api.ts";
import { aCluster } from "../support/builders.ts";
import { eventually } from "../support/http.ts";
import { untilGone, untilStatus } from "../support/laptop-eks.ts";

const report = () => {};
const dir = mkdtempSync(join(tmpdir(), "sandlot-janitor-"));
const hour = 3_600_000;

let cloud: Ministack;
let front: Eks;
let account: Omit<EksAccount, "deploymentId">;
let subnetIds: string[];
let roleArn: string;
let nobody: Omit<EksAccount, "deploymentId">;

beforeAll(async () => {
  const binary = await ensureBinary({ report });
  cloud = await startMinistack({ dir: join(dir, "cloud"), report });
  const { endpoint: awsEndpoint, caFile: ca, region, adminCredentials: credentials } = cloud;
  front = await startEks({ awsEndpoint, ca, region, port: 0, dir: join(dir, "eks"), binary, credentials, report });
  const requestHandler = { httpsAgent: new Agent({ ca: readFileSync(ca) }) };
  const settings = { endpoint: awsEndpoint, region, credentials, requestHandler };
  const clients = (as: typeof credentials) => ({
    eks: new EKSClient({ region, credentials: as, endpoint: front.url }),
    ec2: new EC2Client({ ...settings, credentials: as }),
    elb: new ElasticLoadBalancingV2Client({ ...settings, credentials: as }),
  });
  account = clients(credentials);
  const Statement = [
    { Effect: "Allow", Principal: { AWS: "*", Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" },
  ];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  const { Role } = await new IAMClient(settings).send(
    new CreateRoleCommand({ RoleName: "powerless", AssumeRolePolicyDocument }),
  );
  roleArn = Role?.Arn ?? "";
  const { Credentials } = await new STSClient(settings).send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "test" }),
  );
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  nobody = clients({
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  } as typeof credentials);
  const { Subnets = [] } = await account.ec2.send(new DescribeSubnetsCommand({}));
  subnetIds = Subnets.flatMap((it) => it.SubnetId ?? []).slice(0, 2);
});

afterAll(async () => {
  await front?.stop();
  await cloud?.stop();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => clearFaults(front.url));

/** A deployment with its records in memory, and the clock an hour on: nothing in the cloud is young. */
async function aDeployment(deploymentId: string) {
  const { ports, queues, time } = await inMemory();
  time.now = Date.now() + hour;
  const own = { ...account, deploymentId };
  const provider = {
    removeCompute: (id: ClusterId) => removeCompute(own, id),
    removeInterfaces: (id: ClusterId) => removeInterfaces(own, id),
    removeCluster: (id: ClusterId) => removeCluster(own, id),
    verifyGone: (id: ClusterId) => verifyGone(own, id),
    sweep: (id: ClusterId) => sweep(own, id),
  };
  const record = async (id: ClusterId) => {
    const { pools } = ports;
    await pools.createCluster(aCluster.requested({ id, poolId: small.poolId }), await pools.beginPass(small.poolId));
  };
  return {
    ports,
    record,
    sent: queues.sent,
    pass: (orphans: OrphanMode, with_ = own) => reconcileCloud({ ...ports, inventory: eksInventory(with_) }, orphans),
    /** Does what the worker does with the messages, without the pauses between them. */
    work: async () => {
      const removed: string[] = [];
      for (let next = 0; next < queues.sent.length; next += 1) {
        const message: WorkMessage | undefined = queues.sent[next]?.message;
        if (message?.kind !== "removeOrphan") continue;
        const outcome = await removeOrphan({ ...ports, provider }, message);
        if ("removed" in outcome) removed.push(...outcome.removed);
        if (outcome.kind === "gone") return removed;
        await sleep(100);
      }
      throw new Error("It is not gone.");
    },
    close: async (id: ClusterId) => {
      await record(id);
      const deletedAt = time.now - hour / 2;
      await ports.pools.closeCluster(aCluster.deleted({ id, poolId: small.poolId, version: 2, deletedAt }));
    },
  };
}

async function createCluster(name: string, tags: Record<string, string>) {
  const resourcesVpcConfig = { subnetIds };
  await account.eks.send(new CreateClusterCommand({ name, roleArn, version: "1.36", resourcesVpcConfig, tags }));
  await untilStatus(account.eks, name, "ACTIVE");
}

async function createVolume(cluster: string): Promise<string> {
  const Tags = [{ Key: "eks:eks-cluster-name", Value: cluster }];
  const { VolumeId } = await account.ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${cloud.region}a`,
      Size: 1,
      TagSpecifications: [{ ResourceType: "volume", Tags }],
    }),
  );
  return VolumeId ?? "";
}

async function held() {
  const { clusters = [] } = await account.eks.send(new ListClustersCommand({}));
  const { Volumes = [] } = await account.ec2.send(new DescribeVolumesCommand({}));
  return { clusters: clusters.sort(), volumes: Volumes.map((it) => it.VolumeId ?? "").sort() };
}

const id = (text: string) => asId<ClusterId>(text);

test("an orphan is removed with all its parts, and nothing of another deployment, nor of a stranger with our name", async () => {
  const one = await aDeployment("a");
  const other = await aDeployment("a-b");
  const orphan = id("cls-orphan");
  await Promise.all([
    createCluster(clusterName("a", orphan), tagsOf("a", orphan)),
    createCluster(clusterName("a-b", orphan), tagsOf("a-b", orphan)),
  ]);
  await createCluster("a-cls-stranger", { team: "x" });
  const ours = await createVolume("a-cls-orphan");
  const others = await createVolume("a-b-cls-orphan");
  const strangers = await createVolume("a-cls-stranger");

  expect(await one.pass("report")).toEqual([
    {
      finding: { kind: "orphan", clusterId: orphan, resources: ["cluster/a-cls-orphan", `volume/${ours}`] },
      action: "none",
    },
  ]);
  expect(one.sent).toEqual([]);

  const found = ["cluster/a-cls-orphan", `volume/${ours}`];
  expect(await inventory({ ...account, deploymentId: "a" }, orphan)).toEqual({ kind: "done", found });
  expect(await inventory({ ...account, deploymentId: "a" }, id("cls-stranger"))).toEqual({ kind: "done", found: [] });

  await one.pass("delete");
  expect(await one.work()).toEqual(["cluster/a-cls-orphan", `volume/${ours}`]);
  await untilGone(account.eks, "a-cls-orphan");
  expect(await held()).toEqual({ clusters: ["a-b-cls-orphan", "a-cls-stranger"], volumes: [others, strangers].sort() });
  expect(await one.pass("delete")).toEqual([]);

  await other.pass("delete");
  await other.work();
  expect(await held()).toEqual({ clusters: ["a-cls-stranger"], volumes: [strangers] });
}, 120_000);

test("a volume that came to light after its cluster's record was closed is removed in mode report too", async () => {
  const deployment = await aDeployment("c");
  await deployment.close(id("cls-1"));
  const volume = await createVolume("c-cls-1");
  expect(await deployment.pass("report")).toMatchObject([
    { finding: { kind: "leak", clusterId: "cls-1", resources: [`volume/${volume}`] }, action: "removal" },
  ]);
  expect(await deployment.work()).toEqual([`volume/${volume}`]);
  expect(await deployment.pass("report")).toEqual([]);
});

test("a warm cluster that somebody deleted is probed, one that is there is not", async () => {
  const deployment = await aDeployment("d");
  const { pools } = deployment.ports;
  const names = ["cls-1", "cls-2"].map(id);
  await Promise.all(names.map((it) => createCluster(clusterName("d", it), tagsOf("d", it))));
  for (const it of names) {
    await deployment.record(it);
    const availableAt = Date.now();
    await pools.saveCluster(aCluster.available({ id: it, poolId: small.poolId, version: 2, availableAt }));
  }
  expect(await deployment.pass("delete")).toEqual([]);

  await addFault(front.url, { kind: "vanish", cluster: "d-cls-1" });
  await untilGone(account.eks, "d-cls-1");
  expect(await deployment.pass("delete")).toMatchObject([
    { finding: { kind: "vanished", cluster: { id: "cls-1" } }, action: "probe" },
  ]);
  const probe = { kind: "advanceCluster", poolId: small.poolId, clusterId: "cls-1", version: 2 };
  expect(deployment.sent.map((it) => it.message)).toEqual([probe]);
}, 120_000);

test("a ghost in the list is told apart from a cluster", async () => {
  const deployment = await aDeployment("e");
  await addFault(front.url, { kind: "ghost", name: "e-cls-1" });
  await eventually("the ghost", async () => (await held()).clusters.includes("e-cls-1"), {
    everyMs: 100,
    withinMs: 5_000,
  });
  expect(await deployment.pass("delete")).toEqual([{ finding: { kind: "ghost", clusterId: "cls-1" }, action: "none" }]);
  expect(deployment.sent).toEqual([]);
});

test("a look that is refused is no look: nothing is inferred from it", async () => {
  const deployment = await aDeployment("f");
  await createVolume("f-cls-1");
  for (const powerless of ["eks", "ec2", "elb"] as const) {
    const blind = { ...account, deploymentId: "f", [powerless]: nobody[powerless] };
    await expect(deployment.pass("delete", blind)).rejects.toThrow(/AccessDenied|not authorized|Unauthorized/);
  }
  expect(deployment.sent).toEqual([]);
});
