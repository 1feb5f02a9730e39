import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { AuthenticationV1Api, CoreV1Api, KubeConfig, VersionApi } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Binary, ensureBinary } from "../../local/controlplane/binary.ts";
import { components } from "../../local/controlplane/component.ts";
import { type ControlPlane, startControlPlane } from "../../local/controlplane/control-plane.ts";
import { countKeys, deletePrefix, type Etcd, startEtcd } from "../../local/controlplane/etcd.ts";
import { addNode, removeNode } from "../../local/controlplane/nodes.ts";
import { recordOf } from "../../local/processes.ts";
import { kubectl } from "../support/kubectl.ts";

const run = promisify(execFile);
let folder: string;
let binary: Binary;
let etcd: Etcd;
let webhook: Server;
let webhookUrl: string;
/** What the webhook was asked, and whom it knows. */
const asked: { readonly path: string; readonly token: string }[] = [];
const known = new Map<string, string>();
let one: ControlPlane;
let two: ControlPlane;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "controlplane-"));
  binary = await ensureBinary({ report: (message) => process.stderr.write(`${message}\n`) });
  etcd = await startEtcd({ binary, dir: join(folder, "etcd") });
  webhook = createServer(async (request, response) => {
    const review = JSON.parse(await text(request)) as { readonly spec: { readonly token: string } };
    const { pathname } = new URL(request.url ?? "", webhookUrl);
    asked.push({ path: pathname, token: review.spec.token });
    const username = known.get(review.spec.token);
    const status = username === undefined ? { authenticated: false } : { authenticated: true, user: { username } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status }));
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const address = webhook.address();
  webhookUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  [one, two] = await Promise.all([start("one"), start("two")]);
  await Promise.all([one.waitReady(), two.waitReady()]);
});

afterAll(async () => {
  await Promise.all([one?.stop(), two?.stop()]);
  await etcd?.stop();
  webhook?.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string): Promise<ControlPlane> {
  return startControlPlane({
    binary,
    etcdUrl: etcd.url,
    name,
    dir: join(folder, name),
    tokenWebhookUrl: webhookUrl,
  });
}

/** A client as a claimant has it: it verifies the server by `caData` and has nothing but a token. */
function configFor(controlPlane: ControlPlane, token: string): KubeConfig {
  const { name, endpoint, caData } = controlPlane;
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name, server: endpoint, caData, skipTLSVerify: false }, { name, token });
  return config;
}

function apiAs(controlPlane: ControlPlane, token: string): CoreV1Api {
  return configFor(controlPlane, token).makeApiClient(CoreV1Api);
}

async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(100);
  }
}

async function kubectlIn(controlPlane: ControlPlane, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await kubectl(), ["--kubeconfig", controlPlane.admin.kubeconfigFile, ...args], {
    env: { PATH: process.env.PATH, HOME: folder },
  });
  return stdout.trim();
}

const gone = (pids: readonly number[]) => pids.every((pid) => recordOf(pid) === undefined);

describe("a control plane", () => {
  it("serves the version that it was built from", async () => {
    const { gitVersion } = await configFor(one, one.admin.token).makeApiClient(VersionApi).getCode();
    expect(gitVersion).toMatch(/^v1\.36\.\d+$/);
  });

  it("keeps its secrets to this user", () => {
    for (const file of ["admin.kubeconfig", "tokens.csv", "serving.key", "service-account.key"]) {
      expect(statSync(join(one.dir, file)).mode & 0o077).toBe(0);
    }
    expect(statSync(one.dir).mode & 0o077).toBe(0);
  });

  it("tells the memory of each of its components", () => {
    const sizes = one.memory();
    expect(sizes.map(({ component }) => component).sort()).toEqual(components.filter((name) => name !== "etcd"));
    const total = sizes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
    expect(total).toBeGreaterThan(100 * 2 ** 20);
    expect(total).toBeLessThan(700 * 2 ** 20);
  });

  it("runs a deployment on a node, until the node is removed", async () => {
    await addNode({ controlPlane: one, name: "node-a", instanceId: "i-0123456789abcdef0" });
    await addNode({ controlPlane: one, name: "node-a", instanceId: "i-0123456789abcdef0" });
    await kubectlIn(one, "wait", "--for=condition=Ready", "node/node-a", "--timeout=20s");
    const node = await apiAs(one, one.admin.token).readNode({ name: "node-a" });
    expect(node.spec?.providerID).toBe("aws:///us-east-1a/i-0123456789abcdef0");
    expect(node.status?.allocatable?.pods).toBe("29");

    await kubectlIn(one, "create", "deployment", "web", "--image=nginx", "--replicas=3");
    await kubectlIn(one, "wait", "--for=condition=Available", "deployment/web", "--timeout=20s");
    const podIps = await kubectlIn(one, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].status.podIP}");
    expect(new Set(podIps.split(" ")).size).toBe(3);

    await removeNode({ controlPlane: one, name: "node-a" });
    await removeNode({ controlPlane: one, name: "node-a" });
    expect(await kubectlIn(one, "get", "nodes", "-o", "name")).toBe("");
  });

  it("honours a token of its service accounts, which no other cluster does", async () => {
    const admin = apiAs(one, one.admin.token);
    await kubectlIn(one, "create", "serviceaccount", "claimant");
    await kubectlIn(
      one,
      "create",
      "clusterrolebinding",
      "c",
      "--clusterrole=view",
      "--serviceaccount=default:claimant",
    );
    const { status } = await admin.createNamespacedServiceAccountToken({
      namespace: "default",
      name: "claimant",
      body: { spec: { audiences: [], expirationSeconds: 7 * 24 * 3600 } },
    });
    const token = status?.token ?? "";
    const expiry = status?.expirationTimestamp?.getTime() ?? Number.POSITIVE_INFINITY;
    expect(expiry - Date.now()).toBeLessThanOrEqual(24 * 3600 * 1000);
    await until("the binding counts", () =>
      apiAs(one, token)
        .listNamespacedPod({ namespace: "default" })
        .then(
          () => true,
          () => false,
        ),
    );
    await expect(apiAs(two, token).listNamespacedPod({ namespace: "default" })).rejects.toMatchObject({ code: 401 });
    await expect(apiAs(two, one.admin.token).listNode()).rejects.toMatchObject({ code: 401 });
  });

  it("asks the webhook about other tokens, and grants what the named user has", async () => {
    known.set("token-of-jane", "jane");
    await expect(apiAs(two, "token-of-nobody").listNode()).rejects.toMatchObject({ code: 401 });
    await expect(apiAs(two, "token-of-jane").listNode()).rejects.toMatchObject({ code: 403 });
    expect(asked).toContainEqual({ path: "/token-review/two", token: "token-of-jane" });
    await kubectlIn(two, "create", "clusterrolebinding", "jane", "--clusterrole=cluster-admin", "--user=jane");
    await until("the binding counts", () =>
      apiAs(two, "token-of-jane")
        .listNode()
        .then(
          () => true,
          () => false,
        ),
    );
    const self = configFor(two, "token-of-jane").makeApiClient(AuthenticationV1Api);
    const review = await self.createSelfSubjectReview({ body: {} });
    expect(review.status?.userInfo?.username).toBe("jane");
  });

  it("takes up its cluster again after it was suspended", async () => {
    const first = await start("three");
    await first.waitReady();
    await kubectlIn(first, "create", "namespace", "kept");
    await first.suspend();
    expect(gone(first.pids)).toBe(true);
    const second = await start("three");
    await second.waitReady();
    expect(await kubectlIn(second, "get", "namespace", "kept", "-o", "name")).toBe("namespace/kept");
    await second.stop();
  });

  it("leaves no process and no key behind when it stops, and does not touch its neighbours", async () => {
    // Its keys are looked for as those of a cluster whose name begins alike.
    const neighbour = await start("on");
    await neighbour.waitReady();
    const before = await countKeys(etcd.url, "/one/");
    expect(before).toBeGreaterThan(0);
    expect(await countKeys(etcd.url, "/on/")).toBeGreaterThan(0);
    await neighbour.stop();
    await neighbour.stop();
    expect(gone(neighbour.pids)).toBe(true);
    expect(await countKeys(etcd.url, "/on/")).toBe(0);
    expect(await deletePrefix(etcd.url, "/on/")).toBe(0);
    expect(await countKeys(etcd.url, "/one/")).toBeGreaterThanOrEqual(before - 5);
  });

  it("may be stopped while it starts", async () => {
    const early = await start("early");
    const ready = early.waitReady();
    const refused = expect(ready).rejects.toThrow("stopped while starting");
    await early.stop();
    await refused;
    expect(gone(early.pids)).toBe(true);
    expect(await countKeys(etcd.url, "/early/")).toBe(0);
  });

  it("tells when a component dies, and why it cannot start", async () => {
    const victim = await start("victim");
    await victim.waitReady();
    const scheduler = victim.memory().find(({ component }) => component === "kube-scheduler");
    process.kill(scheduler?.pid ?? 0, "SIGKILL");
    expect(await victim.exited).toMatchObject({ component: "kube-scheduler", signal: "SIGKILL" });
    await victim.stop();

    const port = Number(new URL(one.endpoint).port);
    const blocked = await startControlPlane({
      binary,
      etcdUrl: etcd.url,
      name: "blocked",
      dir: join(folder, "blocked"),
      tokenWebhookUrl: webhookUrl,
      kubernetesPort: port,
    });
    await expect(blocked.waitReady()).rejects.toThrow(
      /kube-apiserver of blocked ended while starting:.*address already/s,
    );
    await blocked.stop();
  });

  it.each([true, false])("ends when its parent is killed (watching by itself: %s)", async (endsWithParent) => {
    const local = new URL("../../local/controlplane/", import.meta.url).href;
    const program = `
      const { startEtcd } = await import("${local}etcd.ts");
      const { startControlPlane } = await import("${local}control-plane.ts");
      const [folder, dir, url] = process.argv.slice(1);
      const binary = { folder, endsWithParent: ${endsWithParent} };
      const etcd = await startEtcd({ binary, dir: dir + "/etcd" });
      const tokenWebhookUrl = "http://127.0.0.1:9";
      const cluster = await startControlPlane({ binary, etcdUrl: etcd.url, name: "orphan", dir: dir + "/orphan", tokenWebhookUrl });
      await cluster.waitReady();
      console.log(JSON.stringify([etcd.pid, ...cluster.pids]));`;
    const dir = mkdtempSync(join(folder, "orphan-"));
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program, binary.folder, dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let pids: readonly number[] = [];
    for await (const line of createInterface(parent.stdout)) {
      pids = JSON.parse(line) as readonly number[];
      break;
    }
    expect(pids.length).toBe(components.length);
    expect(gone(pids)).toBe(false);
    parent.kill("SIGKILL");
    await until("every component has ended", () => gone(pids), 5_000);
  });
});
