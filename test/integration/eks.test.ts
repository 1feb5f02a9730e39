import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  type EKSClient,
  ListClustersCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateClusterConfigCommand,
} from "@aws-sdk/client-eks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Eks } from "../../local/eks/eks.ts";
import { eventually } from "../support/http.ts";
import {
  adminToken,
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
} from "../support/laptop-eks.ts";

let laptop: LaptopEks;
let eks: Eks;
let operator: EKSClient;
let worker: Session;
let stranger: Session;

beforeAll(async () => {
  laptop = await startLaptopEks();
  eks = await laptop.start();
  operator = laptop.clientFor(eks);
  worker = await laptop.session("worker", ["eks:*"]);
  stranger = await laptop.session("stranger", []);
});

afterAll(async () => {
  await eks?.stop();
  await laptop?.stop();
});

function named(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("an Auto Mode cluster", () => {
  const name = "one";
  let pids: readonly number[] = [];

  test("is CREATING first, and ACTIVE once its API server answers", async () => {
    const request = { ...autoMode(laptop, name), clientRequestToken: "first" };
    const { cluster } = await laptop.clientFor(eks, worker).send(new CreateClusterCommand(request));
    expect(cluster).toMatchObject({ status: "CREATING", computeConfig: { enabled: true } });
    expect(cluster?.endpoint).toBeUndefined();

    const again = await operator.send(new CreateClusterCommand(request));
    expect(again.cluster?.arn).toBe(cluster?.arn);
    await expect(operator.send(new CreateClusterCommand({ ...request, clientRequestToken: "other" }))).rejects.toThrow(
      expect.objectContaining({ name: "ResourceInUseException" }),
    );

    const active = await untilStatus(operator, name, "ACTIVE");
    expect(active).toMatchObject({
      endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      computeConfig: { enabled: true, nodePools: ["general-purpose", "system"] },
      storageConfig: { blockStorage: { enabled: true } },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      accessConfig: { authenticationMode: "API" },
      upgradePolicy: { supportType: "STANDARD" },
      deletionProtection: false,
      tags: { purpose: "test" },
    });
    pids = eks.clusters().find((it) => it.record.name === name)?.pids ?? [];
    expect(pids).toHaveLength(4);
  });

  test("lets in whom its access entries name, and nobody else", async () => {
    const cluster = await untilStatus(operator, name, "ACTIVE");
    expect(await get(cluster, "/api", await tokenFor(laptop, worker, name))).toBe(401);
    await letIn(laptop, operator, name, "worker");
    expect(await get(cluster, "/api", await tokenFor(laptop, worker, name))).toBe(200);
    expect(await get(cluster, "/api/v1/secrets", await tokenFor(laptop, worker, name))).toBe(200);
    expect(await get(cluster, "/api", await tokenFor(laptop, stranger, name))).toBe(401);
    expect(await get(cluster, "/api", await tokenFor(laptop, worker, "another"))).toBe(401);
    expect(await get(cluster, "/api", "k8s-aws-v1.bm90IGEgdXJs")).toBe(401);
  });

  test("refuses callers as IAM does", async () => {
    const client = laptop.clientFor(eks, stranger);
    const calls = [
      () => client.send(new CreateClusterCommand(autoMode(laptop, "strangers"))),
      () => client.send(new DescribeClusterCommand({ name })),
      () => client.send(new DeleteClusterCommand({ name })),
      () => client.send(new UpdateClusterConfigCommand({ name, deletionProtection: true })),
      () => client.send(new DescribeClusterVersionsCommand({})),
    ];
    for (const call of calls) await expect(call().catch(named)).resolves.toMatch(/AccessDenied/);
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([name]);
  });

  test("refuses what EKS refuses, and keeps nothing of it", async () => {
    const whole = autoMode(laptop, "refused");
    const { storageConfig: _, ...half } = whole;
    const refused = [
      half,
      { ...whole, version: "1.20" },
      { ...whole, resourcesVpcConfig: { subnetIds: laptop.subnetIds.slice(0, 1) } },
      { ...whole, resourcesVpcConfig: { subnetIds: ["subnet-none", "subnet-nothing"] } },
    ];
    for (const request of refused) {
      await expect(operator.send(new CreateClusterCommand(request)).catch(named)).resolves.toBe(
        "InvalidParameterException",
      );
    }
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([name]);
  });

  test("can be tagged", async () => {
    const { cluster } = await operator.send(new DescribeClusterCommand({ name }));
    const resourceArn = cluster?.arn ?? "";
    await operator.send(new TagResourceCommand({ resourceArn, tags: { team: "a" } }));
    const { tags } = await operator.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ purpose: "test", team: "a" });
    expect((await operator.send(new DescribeClusterCommand({ name }))).cluster?.tags).toEqual(tags);
  });

  test("has two nodes with a network interface each, and a third when pods need it", async () => {
    const { core } = kubernetes(await untilStatus(operator, name, "ACTIVE"), await tokenFor(laptop, worker, name));
    const withInterfaces = (count: number) => async () =>
      (await core.listNode()).items.length === count && (await laptop.remains(name)).interfaces === count;
    await eventually("two nodes", withInterfaces(2));
    for (const pod of ["a", "b", "c"]) {
      await core.createNamespacedPod({
        namespace: "default",
        body: {
          metadata: { name: pod },
          spec: { containers: [{ name: "main", image: "pause", resources: { requests: { cpu: "1500m" } } }] },
        },
      });
    }
    await eventually("three nodes", withInterfaces(3));
    await eventually("three pods running", async () => {
      const { items } = await core.listNamespacedPod({ namespace: "default" });
      return items.length === 3 && items.every((it) => it.status?.phase === "Running");
    });
  });

  test("gives a Service a load balancer for as long as it exists", async () => {
    const { core } = kubernetes(await untilStatus(operator, name, "ACTIVE"), await tokenFor(laptop, worker, name));
    const at = { name: "web", namespace: "default" };
    await core.createNamespacedService({
      namespace: "default",
      body: { metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } },
    });
    const service = await eventually("a hostname", async () => {
      const read = await core.readNamespacedService(at);
      return read.status?.loadBalancer?.ingress?.[0]?.hostname === undefined ? undefined : read;
    });
    expect(service.metadata?.finalizers).toContain("service.k8s.aws/resources");
    expect((await laptop.remains(name)).loadBalancers).toBe(1);
    await core.deleteNamespacedService(at);
    await eventually("no load balancer", async () => (await laptop.remains(name)).loadBalancers === 0);
    await expect(core.readNamespacedService(at)).rejects.toMatchObject({ code: 404 });
  });

  test("gives an Ingress of its class an application load balancer for as long as it exists", async () => {
    const { networking } = kubernetes(
      await untilStatus(operator, name, "ACTIVE"),
      await tokenFor(laptop, worker, name),
    );
    await networking.createIngressClass({
      body: { metadata: { name: "alb" }, spec: { controller: "eks.amazonaws.com/alb" } },
    });
    const at = (ingress: string) => ({ name: ingress, namespace: "default" });
    for (const [ingress, ingressClassName] of [
      ["web", "alb"],
      ["other", "nginx"],
    ] as const) {
      await networking.createNamespacedIngress({
        namespace: "default",
        body: {
          metadata: { name: ingress },
          spec: { ingressClassName, defaultBackend: { service: { name: "web", port: { number: 80 } } } },
        },
      });
    }
    const ingress = await eventually("a hostname", async () => {
      const read = await networking.readNamespacedIngress(at("web"));
      return read.status?.loadBalancer?.ingress?.[0]?.hostname === undefined ? undefined : read;
    });
    expect(ingress.metadata?.finalizers).toContain("ingress.k8s.aws/resources");
    expect((await networking.readNamespacedIngress(at("other"))).metadata?.finalizers).toBeUndefined();
    expect((await laptop.remains(name)).loadBalancers).toBe(1);
    await networking.deleteNamespacedIngress(at("web"));
    await eventually("no load balancer", async () => (await laptop.remains(name)).loadBalancers === 0);
    await expect(networking.readNamespacedIngress(at("web"))).rejects.toMatchObject({ code: 404 });
  });

  test("gives a claim a volume, deletes it with the claim, and leaks it with the cluster", async () => {
    const { core, storage } = kubernetes(
      await untilStatus(operator, name, "ACTIVE"),
      await tokenFor(laptop, worker, name),
    );
    await storage.createStorageClass({
      body: {
        metadata: { name: "gp3" },
        provisioner: "ebs.csi.eks.amazonaws.com",
        volumeBindingMode: "WaitForFirstConsumer",
        parameters: { type: "gp3" },
      },
    });
    for (const claim of ["kept", "dropped"]) {
      await core.createNamespacedPersistentVolumeClaim({
        namespace: "default",
        body: {
          metadata: { name: claim },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: "gp3",
            resources: { requests: { storage: "1Gi" } },
          },
        },
      });
      await core.createNamespacedPod({
        namespace: "default",
        body: {
          metadata: { name: `with-${claim}` },
          spec: {
            containers: [{ name: "main", image: "pause", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
          },
        },
      });
    }
    await eventually("both claims bound", async () => {
      const { items } = await core.listNamespacedPersistentVolumeClaim({ namespace: "default" });
      return items.every((it) => it.status?.phase === "Bound");
    });
    expect((await laptop.remains(name)).volumes).toBe(2);
    await core.deleteNamespacedPod({ name: "with-dropped", namespace: "default", gracePeriodSeconds: 0 });
    await core.deleteNamespacedPersistentVolumeClaim({ name: "dropped", namespace: "default" });
    await eventually("one volume", async () => (await laptop.remains(name)).volumes === 1);
    expect((await core.listPersistentVolume()).items).toHaveLength(1);
  });

  test("is not deleted while protected or while it has a node group", async () => {
    const refusedWith = () => operator.send(new DeleteClusterCommand({ name })).catch(named);
    await operator.send(new UpdateClusterConfigCommand({ name, deletionProtection: true }));
    expect(await refusedWith()).toBe("InvalidRequestException");
    await operator.send(new UpdateClusterConfigCommand({ name, deletionProtection: false }));

    const group = { clusterName: name, nodegroupName: "more" };
    const request = { ...group, nodeRole: laptop.roles.node, subnets: laptop.subnetIds };
    const { nodegroup } = await operator.send(new CreateNodegroupCommand(request));
    expect(nodegroup?.status).toBe("CREATING");
    expect(await refusedWith()).toBe("ResourceInUseException");
    const status = async () => (await operator.send(new DescribeNodegroupCommand(group))).nodegroup?.status;
    await eventually("an ACTIVE node group", async () => (await status()) === "ACTIVE");
    expect((await operator.send(new DeleteNodegroupCommand(group))).nodegroup?.status).toBe("DELETING");
    expect(await status()).toBe("DELETING");
    await eventually("no node group", () =>
      status().then(
        () => false as const,
        (error: unknown) => named(error) === "ResourceNotFoundException",
      ),
    );
  });

  test("is DELETING until its processes and network interfaces are gone, and leaves its volumes", async () => {
    const { cluster } = await operator.send(new DeleteClusterCommand({ name }));
    expect(cluster?.status).toBe("DELETING");
    expect((await operator.send(new DescribeClusterCommand({ name }))).cluster?.status).toBe("DELETING");
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([name]);
    await expect(operator.send(new CreateClusterCommand(autoMode(laptop, name))).catch(named)).resolves.toBe(
      "ResourceInUseException",
    );
    await untilGone(operator, name);
    expect((await operator.send(new ListClustersCommand({}))).clusters).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await laptop.remains(name)).toEqual({ interfaces: 0, leaked: 0, loadBalancers: 0, volumes: 1 });
    expect(existsSync(join(laptop.dir, "eks", "clusters", name))).toBe(false);
  });
});

test("versions tell when their standard support ends", async () => {
  const { clusterVersions = [] } = await operator.send(new DescribeClusterVersionsCommand({}));
  const old = clusterVersions.find((it) => it.clusterVersion === "1.34");
  expect(old?.endOfStandardSupportDate?.toISOString()).toBe("2026-12-02T00:00:00.000Z");
  expect(clusterVersions.map((it) => it.clusterVersion)).toContain("1.36");
});

test("after a crash a cluster is there again, with all that was in it, and what lost its record is gone", async () => {
  const dir = join(laptop.dir, "crashing");
  const crashing = await laptop.startApart(dir);
  const [name, lost] = ["survivor", "lost"];
  const client = laptop.clientFor(crashing);
  await client.send(new CreateClusterCommand(autoMode(laptop, name)));
  await client.send(new CreateClusterCommand(autoMode(laptop, lost)));
  const before = await untilStatus(client, name, "ACTIVE");
  await untilStatus(client, lost, "ACTIVE");
  const access = kubernetes(before, adminToken(dir, name));
  await access.core.createNamespacedConfigMap({ namespace: "default", body: { metadata: { name: "mine" } } });
  await eventually("the nodes' interfaces", async () => (await laptop.remains(lost)).interfaces === 2);
  const pids = [...(await crashing.pidsOf(name)), ...(await crashing.pidsOf(lost))];
  expect(pids).toHaveLength(8);

  await crashing.kill();
  await eventually("the end of all processes", async () => !pids.some(isAlive), { withinMs: 10_000 });
  await laptop.forget(lost);
  const again = await laptop.start({ dir });
  try {
    const after = await untilStatus(laptop.clientFor(again), name, "ACTIVE");
    expect(after.endpoint).toBe(before.endpoint);
    expect(after.certificateAuthority).toEqual(before.certificateAuthority);
    await access.core.readNamespacedConfigMap({ name: "mine", namespace: "default" });
    await eventually("nothing left of the other", async () => (await laptop.remains(lost)).interfaces === 0);
    expect(again.clusters().map((it) => it.record.name)).toEqual([name]);
    expect(readdirSync(join(dir, "clusters"))).toEqual([name]);
  } finally {
    const rest = again.clusters().flatMap((it) => it.pids);
    await again.stop();
    expect(rest.filter(isAlive)).toEqual([]);
  }
});
