import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  type CreateNodegroupCommandInput,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  type EKSClient,
  ListClustersCommand,
  type Nodegroup,
} from "@aws-sdk/client-eks";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Eks } from "../../local/eks/eks.ts";
import { addFault, clearFaults, listFaults, removeFault } from "../../local/eks/faults/client.ts";
import { eventually } from "../support/http.ts";
import {
  autoMode,
  get,
  kubernetes,
  type LaptopEks,
  letIn,
  type Session,
  startLaptopEks,
  tokenFor,
  untilGone,
  untilStatus,
  withNodeGroups,
} from "../support/laptop-eks.ts";

const name = "manual";
const soon = { withinMs: 20_000, everyMs: 200 };

let laptop: LaptopEks;
let eks: Eks;
let operator: EKSClient;
let worker: Session;

beforeAll(async () => {
  laptop = await startLaptopEks();
  eks = await laptop.start();
  operator = laptop.clientFor(eks);
  worker = await laptop.session("worker", ["eks:*"]);
  await operator.send(new CreateClusterCommand({ ...withNodeGroups(laptop, name), tags: { "sandlot:pool": "small" } }));
  await untilStatus(operator, name, "ACTIVE");
  await letIn(laptop, operator, name, "worker");
});

afterEach(() => clearFaults(eks.url));

afterAll(async () => {
  await eks?.stop();
  await laptop?.stop();
});

function named(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

async function access() {
  const cluster = await untilStatus(operator, name, "ACTIVE");
  return kubernetes(cluster, await tokenFor(laptop, worker, name));
}

function groupOf(nodegroupName: string, desiredSize: number): CreateNodegroupCommandInput {
  return {
    clusterName: name,
    nodegroupName,
    nodeRole: laptop.roles.node,
    subnets: laptop.subnetIds,
    instanceTypes: ["m7i.large"],
    scalingConfig: { minSize: 1, maxSize: 3, desiredSize },
    labels: { team: "a" },
    clientRequestToken: nodegroupName,
  };
}

const create = (nodegroupName: string, desiredSize: number) =>
  operator.send(new CreateNodegroupCommand(groupOf(nodegroupName, desiredSize)));
const remove = (nodegroupName: string) =>
  operator.send(new DeleteNodegroupCommand({ clusterName: name, nodegroupName }));

async function group(nodegroupName: string): Promise<Nodegroup | undefined> {
  try {
    return (await operator.send(new DescribeNodegroupCommand({ clusterName: name, nodegroupName }))).nodegroup;
  } catch (error) {
    if (named(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

const untilGroup = (nodegroupName: string, status: string) =>
  eventually(
    `${nodegroupName} ${status}`,
    async () => {
      const found = await group(nodegroupName);
      return found?.status === status ? found : undefined;
    },
    soon,
  );
const untilNoGroup = (nodegroupName: string) =>
  eventually(`no ${nodegroupName}`, async () => (await group(nodegroupName)) === undefined, soon);

describe("a cluster outside Auto Mode", () => {
  test("has the nodes of its node groups, with a network interface each", async () => {
    const { core } = await access();
    expect((await core.listNode()).items).toEqual([]);
    const addon = { clusterName: name, addonName: "metrics-server" };
    await operator.send(new CreateAddonCommand(addon));
    const health = async () => (await operator.send(new DescribeAddonCommand(addon))).addon?.status;
    await eventually("an add-on without a node", async () => (await health()) === "DEGRADED", soon);
    expect((await create("a", 2)).nodegroup).toMatchObject({ status: "CREATING", health: { issues: [] } });
    expect((await create("a", 2)).nodegroup?.nodegroupName).toBe("a");
    await expect(create("a", 1)).rejects.toMatchObject({ name: "ResourceInUseException" });
    await untilGroup("a", "ACTIVE");
    expect(await health()).toBe("ACTIVE");
    const { items } = await core.listNode();
    const labels = { "eks.amazonaws.com/nodegroup": "a", "node.kubernetes.io/instance-type": "m7i.large", team: "a" };
    expect(items.map((it) => it.metadata?.labels)).toMatchObject([labels, labels]);
    await eventually("two interfaces", async () => (await laptop.remains(name)).interfaces === 2, soon);
  });

  test("refuses node groups and add-ons that EKS refuses, and keeps nothing of them", async () => {
    const odd = { ...groupOf("odd", 1), instanceTypes: ["m7i.huge"] };
    await expect(operator.send(new CreateNodegroupCommand(odd)).catch(named)).resolves.toBe(
      "InvalidParameterException",
    );
    expect(await group("odd")).toBeUndefined();
    const addon = { clusterName: name, addonName: "odd" };
    for (const call of [
      () => operator.send(new CreateAddonCommand(addon)),
      () => operator.send(new CreateAddonCommand({ ...addon, addonName: "coredns", addonVersion: "v0" })),
      () => operator.send(new DescribeAddonVersionsCommand({ addonName: "odd" })),
    ]) {
      await expect(call().catch(named)).resolves.toBe("InvalidParameterException");
    }
  });

  test("has volumes once it has the add-on for them", async () => {
    const addon = { clusterName: name, addonName: "aws-ebs-csi-driver" };
    const created = await operator.send(new CreateAddonCommand({ ...addon, tags: { purpose: "test" } }));
    const { addons = [] } = await operator.send(new DescribeAddonVersionsCommand({ addonName: addon.addonName }));
    const addonVersion = addons[0]?.addonVersions?.[0]?.addonVersion;
    expect(created.addon).toMatchObject({ status: "CREATING", addonVersion, tags: { purpose: "test" } });
    const { core, storage } = await access();
    await storage.createStorageClass({ body: { metadata: { name: "gp3" }, provisioner: "ebs.csi.aws.com" } });
    await core.createNamespacedPersistentVolumeClaim({
      namespace: "default",
      body: {
        metadata: { name: "data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: "gp3",
          resources: { requests: { storage: "1Gi" } },
        },
      },
    });
    await eventually("a volume", async () => (await laptop.remains(name)).volumes === 1, soon);
    expect((await operator.send(new DescribeAddonCommand(addon))).addon).toMatchObject({
      status: "ACTIVE",
      addonVersion,
    });
    await core.deleteNamespacedPersistentVolumeClaim({ name: "data", namespace: "default" });
    await eventually("no volume", async () => (await laptop.remains(name)).volumes === 0, soon);
  });
});

describe("a fault", () => {
  test("fails a creation that was accepted, as often as it is told to", async () => {
    const fault = await addFault(eks.url, {
      kind: "failCreate",
      cluster: "doomed*",
      message: "no addresses",
      times: 1,
    });
    const doomed = "doomed-1";
    const { cluster } = await operator.send(new CreateClusterCommand(autoMode(laptop, doomed)));
    expect(cluster?.status).toBe("CREATING");
    const failed = await untilStatus(operator, doomed, "FAILED");
    expect(failed.health?.issues).toMatchObject([{ code: "InsufficientFreeAddresses", message: "no addresses" }]);
    expect(await listFaults(eks.url)).toMatchObject([{ id: fault.id, hits: 1, state: "usedUp", clusters: [doomed] }]);
    await operator.send(new DeleteClusterCommand({ name: doomed }));
    await untilGone(operator, doomed);
  });

  test("refuses, delays or loses calls", async () => {
    const list = () => operator.send(new ListClustersCommand({})).catch(named);
    await addFault(eks.url, { kind: "throttled", operation: "ListClusters", times: 1 });
    await addFault(eks.url, { kind: "quota", operation: "ListClusters", times: 1 });
    await addFault(eks.url, { kind: "slow", operation: "ListClusters", delaySeconds: 0.3, times: 1 });
    expect(await list()).toBe("ThrottlingException");
    expect(await list()).toBe("ResourceLimitExceededException");
    const before = Date.now();
    expect(await list()).toMatchObject({ clusters: [name] });
    expect(Date.now() - before).toBeGreaterThan(290);

    // The call takes effect: the same again finds the cluster, another one the name taken.
    await addFault(eks.url, { kind: "failCreate" });
    await addFault(eks.url, { kind: "lost", times: 1 });
    const request = { ...autoMode(laptop, "unheard"), clientRequestToken: "same" };
    await expect(operator.send(new CreateClusterCommand(request))).rejects.toThrow();
    expect((await operator.send(new CreateClusterCommand(request))).cluster?.name).toBe("unheard");
    await untilStatus(operator, "unheard", "FAILED");
    await operator.send(new DeleteClusterCommand({ name: "unheard" }));
    await untilGone(operator, "unheard");
  });

  test("lets node groups and add-ons fail", async () => {
    await addFault(eks.url, { kind: "nodegroupCreateFailed", times: 1 });
    await create("broken", 1);
    const failed = await untilGroup("broken", "CREATE_FAILED");
    expect(failed.health?.issues).toMatchObject([{ code: "NodeCreationFailure" }]);

    await addFault(eks.url, { kind: "nodegroupDeleteFailed", pool: "small", times: 1 });
    expect((await remove("broken")).nodegroup?.status).toBe("DELETING");
    const kept = await untilGroup("broken", "DELETE_FAILED");
    expect(kept.health?.issues).toMatchObject([{ code: "Ec2SecurityGroupDeletionFailure" }]);
    await remove("broken");
    await untilNoGroup("broken");

    await addFault(eks.url, { kind: "addonFailed", status: "DEGRADED" });
    const addon = { clusterName: name, addonName: "coredns" };
    await operator.send(new CreateAddonCommand(addon));
    await eventually(
      "a DEGRADED add-on",
      async () => (await operator.send(new DescribeAddonCommand(addon))).addon?.status === "DEGRADED",
      soon,
    );
  });

  test("keeps nodes NotReady, and leaves an interface when they go", async () => {
    const { id } = await addFault(eks.url, { kind: "nodeNeverReady", cluster: name });
    await create("late", 2);
    const { core } = await access();
    const ready = async () => {
      const { items } = await core.listNode({ labelSelector: "eks.amazonaws.com/nodegroup=late" });
      return items.map((it) => it.status?.conditions?.find(({ type }) => type === "Ready")?.status);
    };
    await eventually("two nodes", async () => (await ready()).length === 2, soon);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await ready()).toEqual(["False", "False"]);
    expect((await group("late"))?.status).toBe("CREATING");
    await removeFault(eks.url, id);
    await untilGroup("late", "ACTIVE");
    expect(await ready()).toEqual(["True", "True"]);

    await eventually("four interfaces", async () => (await laptop.remains(name)).interfaces === 4, soon);
    await addFault(eks.url, { kind: "leakedInterface" });
    await remove("late");
    await untilNoGroup("late");
    expect(await laptop.remains(name)).toMatchObject({ interfaces: 3, leaked: 1 });
  });

  test("keeps a load balancer with its Service", async () => {
    const { core } = await access();
    const at = { name: "web", namespace: "default" };
    await core.createNamespacedService({
      namespace: "default",
      body: { metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } },
    });
    await eventually("a load balancer", async () => (await laptop.remains(name)).loadBalancers === 1, soon);
    const { id } = await addFault(eks.url, { kind: "loadBalancerHangs" });
    await core.deleteNamespacedService(at);
    await eventually("the fault's hit", async () => (await listFaults(eks.url))[0]?.hits === 1, soon);
    const kept = await core.readNamespacedService(at);
    expect(kept.metadata?.finalizers).toContain("service.kubernetes.io/load-balancer-cleanup");
    expect((await laptop.remains(name)).loadBalancers).toBe(1);
    await removeFault(eks.url, id);
    await eventually("no load balancer", async () => (await laptop.remains(name)).loadBalancers === 0, soon);
  });

  test("kills an API server for as long as it lasts", async () => {
    const before = await untilStatus(operator, name, "ACTIVE");
    const token = await tokenFor(laptop, worker, name);
    const answers = () => get(before, "/api", token).catch(() => undefined);
    const { id } = await addFault(eks.url, { kind: "apiServerDead", pool: "small" });
    await eventually("no answer", async () => (await answers()) === undefined, soon);
    expect(await untilStatus(operator, name, "ACTIVE")).toMatchObject({ endpoint: before.endpoint });
    await removeFault(eks.url, id);
    await eventually("an answer", async () => (await answers()) === 200, soon);
    expect((await (await access()).core.listNode()).items).toHaveLength(2);
    const pids = () => eks.clusters().find(({ record }) => record.name === name)?.pids ?? [];
    await eventually("all its processes", async () => pids().length === 4, soon);
    expect(await untilStatus(operator, name, "ACTIVE")).toMatchObject({
      endpoint: before.endpoint,
      certificateAuthority: before.certificateAuthority,
    });
  });

  test("halts an API server again and again", async () => {
    const cluster = await untilStatus(operator, name, "ACTIVE");
    const token = await tokenFor(laptop, worker, name);
    const timed = async () => {
      const before = Date.now();
      expect(await get(cluster, "/api", token)).toBe(200);
      return Date.now() - before;
    };
    const { id } = await addFault(eks.url, { kind: "apiServerSlow", delaySeconds: 1 });
    await eventually("a slow answer", async () => (await timed()) > 500, soon);
    await removeFault(eks.url, id);
    await eventually("a fast answer", async () => (await timed()) < 200, soon);
  });

  test("lets access entries count late", async () => {
    const cluster = await untilStatus(operator, name, "ACTIVE");
    const late = await laptop.session("late", []);
    const status = async () => get(cluster, "/api", await tokenFor(laptop, late, name));
    await addFault(eks.url, { kind: "accessLag", delaySeconds: 2 });
    await letIn(laptop, operator, name, "late");
    const since = Date.now();
    expect(await status()).toBe(401);
    await eventually("access", async () => (await status()) === 200, soon);
    expect(Date.now() - since).toBeGreaterThan(1_000);
  });

  test("withdraws a version", async () => {
    const versions = async () =>
      (await operator.send(new DescribeClusterVersionsCommand({}))).clusterVersions?.map((it) => it.clusterVersion);
    const creation = () => operator.send(new CreateClusterCommand(autoMode(laptop, "newer")));
    await addFault(eks.url, { kind: "versionWithdrawn", version: "1.36" });
    expect(await versions()).not.toContain("1.36");
    await expect(creation()).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("unsupported Kubernetes version"),
    });
    await clearFaults(eks.url);
    expect(await versions()).toContain("1.36");
  });

  test("lets a cluster vanish, and leaves what carries its tags", async () => {
    await addFault(eks.url, { kind: "ghost", name: "phantom" });
    await operator.send(new CreateClusterCommand(autoMode(laptop, "gone")));
    await untilStatus(operator, "gone", "ACTIVE");
    await eventually("its interfaces", async () => (await laptop.remains("gone")).interfaces === 2, soon);
    await addFault(eks.url, { kind: "vanish", cluster: "gone" });
    await untilGone(operator, "gone");
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([name, "phantom"]);
    await expect(operator.send(new DescribeClusterCommand({ name: "phantom" })).catch(named)).resolves.toBe(
      "ResourceNotFoundException",
    );
    expect(await laptop.remains("gone")).toMatchObject({ interfaces: 2 });
  });

  test("keeps a cluster DELETING, and its name in the list after that", async () => {
    await expect(operator.send(new DeleteClusterCommand({ name })).catch(named)).resolves.toBe(
      "ResourceInUseException",
    );
    await remove("a");
    await untilNoGroup("a");
    const { id } = await addFault(eks.url, { kind: "stuckDeleting", cluster: name });
    await addFault(eks.url, { kind: "ghost", cluster: name });
    await operator.send(new DeleteClusterCommand({ name }));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await untilStatus(operator, name, "DELETING");
    await removeFault(eks.url, id);
    await untilGone(operator, name);
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([name]);
    await clearFaults(eks.url);
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([]);
    expect(await laptop.remains(name)).toMatchObject({ interfaces: 1, leaked: 1, loadBalancers: 0, volumes: 0 });
  });
});
