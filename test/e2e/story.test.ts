import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { call, eventually } from "../support/http.ts";
import { leftovers, nothing } from "../support/leftovers.ts";
import { runKubectl } from "../support/run-kubectl.ts";
import { claim, credentials, target, tokenFor, waitForEmpty, waitForState, waitForWarm } from "../support/sandlot.ts";

const { apiUrl } = target();
const folder = mkdtempSync(join(tmpdir(), "sandlot-story-"));
let token: string;

beforeAll(async () => {
  token = await tokenFor({ tenant: "acme", subject: "ada" });
});
afterAll(() => rmSync(folder, { recursive: true }));

function kubeconfigFile(name: string, text: string): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const webAndDisk = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: disk }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: writer }
spec:
  containers: [{ name: writer, image: busybox, volumeMounts: [{ name: disk, mountPath: /disk }] }]
  volumes: [{ name: disk, persistentVolumeClaim: { claimName: disk } }]
`;

describe("a sandbox from the warm pool", () => {
  it("is ready at once, runs what its owner deploys, and leaves nothing behind when it is deleted", async () => {
    await waitForWarm(token, "small", 2);
    const [first, second] = [
      await claim(token, { poolId: "small", ttlSeconds: 900 }),
      await claim(token, { poolId: "small" }),
    ];
    for (const { status, body } of [first, second]) {
      expect(status).toBe(201);
      expect(body).toMatchObject({ state: "ready", poolId: "small" });
    }
    const events = await call(`${apiUrl}/v1/sandboxes/${first.body.id}/events`, { token });
    expect(events.body.items[0]).toMatchObject({ type: "ready", detail: "from the warm pool" });

    const mine = await credentials(token, first.body.id);
    const other = await credentials(token, second.body.id);
    const kubeconfig = kubeconfigFile("mine", mine.kubeconfig);
    const nodes = await runKubectl(kubeconfig, "get", "nodes", "--no-headers");
    expect(nodes.stdout.match(/ Ready /g)?.length).toBeGreaterThanOrEqual(2);

    await runKubectl(kubeconfig, "create", "deployment", "web", "--image=nginx", "--replicas=3");
    await runKubectl(kubeconfig, "rollout", "status", "deployment/web", "--timeout=60s");
    const manifest = join(folder, "web.yaml");
    writeFileSync(manifest, webAndDisk);
    await runKubectl(kubeconfig, "apply", "-f", manifest);
    const owned = await eventually("a load balancer and a volume of the sandbox", async () => {
      const found = await leftovers(first.body.clusterId);
      return found.loadBalancers.length > 0 && found.volumes.length > 0 && found;
    });
    expect(owned.clusters).toHaveLength(1);
    expect(owned.interfaces.length).toBeGreaterThan(0);

    // The first sandbox's token at the second one's server: another cluster does not know it.
    const wrong = kubeconfigFile("wrong", other.kubeconfig.replace(other.token, mine.token));
    const refused = await runKubectl(wrong, "get", "pods").catch((error: { stderr: string }) => error);
    expect(refused.stderr).toMatch(/Unauthorized|must be logged in/);
    await runKubectl(kubeconfigFile("other", other.kubeconfig), "get", "pods");

    const deleted = await call(`${apiUrl}/v1/sandboxes/${first.body.id}`, { method: "DELETE", token });
    expect([deleted.status, deleted.body.state, deleted.body.stateReason]).toEqual([
      202,
      "terminating",
      "deleted_by_owner",
    ]);
    const again = await call(`${apiUrl}/v1/sandboxes/${first.body.id}`, { method: "DELETE", token });
    expect(again.status).toBe(202);

    await waitForState(token, first.body.id, "terminated");
    const gone = await runKubectl(kubeconfig, "get", "pods").catch((error: { stderr: string }) => error);
    expect(gone.stderr).toMatch(/refused|EOF|reset/);
    expect(await leftovers(first.body.clusterId)).toEqual(nothing);

    const { body: record } = await call(`${apiUrl}/v1/clusters/${first.body.clusterId}`, { token });
    expect(record).toMatchObject({ state: "deleted", reason: "sandbox_ended", verifiedGoneAt: expect.any(String) });
    const held = [
      ...owned.clusters.map((it) => `cluster/${it}`),
      ...owned.volumes.map((it) => `volume/${it}`),
      ...owned.loadBalancers.map((it) => `load-balancer/${it}`),
    ];
    expect(record.found).toEqual(expect.arrayContaining(held));
    const removers = new Map(record.removed.map((it: { resource: string; by: string }) => [it.resource, it.by]));
    expect([...removers.keys()]).toEqual(expect.arrayContaining(record.found));
    // We delete the Service and the cluster; the load balancer goes by the doing of the cluster's own controller.
    expect(held.map((it) => removers.get(it))).toContain("cloud");
    expect([removers.get("service/default/web"), removers.get(held[0])]).toEqual(["us", "us"]);

    await call(`${apiUrl}/v1/sandboxes/${second.body.id}`, { method: "DELETE", token });
    await waitForState(token, second.body.id, "terminated");
    await waitForWarm(token, "small", 2);
  });

  it("is the same one for a repeated key, and refused for the same key with another body", async () => {
    await waitForWarm(token, "small", 1);
    const key = randomUUID();
    const first = await claim(token, { poolId: "small", labels: { course: "go" } }, key);
    const repeated = await claim(token, { poolId: "small", labels: { course: "go" } }, key);
    expect([first.status, repeated.body.id]).toEqual([201, first.body.id]);
    const other = await claim(token, { poolId: "small", labels: { course: "rust" } }, key);
    expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
    await call(`${apiUrl}/v1/sandboxes/${first.body.id}`, { method: "DELETE", token });
    await waitForState(token, first.body.id, "terminated");
  });
});

describe("a sandbox left alone", () => {
  it("ends past its time-to-live, with its cluster and all that belonged to it", async () => {
    await waitForWarm(token, "small", 1);
    const { body } = await claim(token, { poolId: "small", ttlSeconds: 20 });
    const activated = await call(`${apiUrl}/v1/sandboxes/${body.id}/heartbeat`, { method: "POST", token });
    expect(activated.body).toMatchObject({ state: "active" });
    const ended = await waitForState(token, body.id, "terminated", 180_000);
    expect(ended.stateReason).toBe("expired");
    expect(Date.parse(ended.endedAt)).toBeGreaterThanOrEqual(Date.parse(activated.body.expiresAt));
    expect(await leftovers(body.clusterId)).toEqual(nothing);
    const late = await call(`${apiUrl}/v1/sandboxes/${body.id}/credentials`, { method: "POST", token });
    expect([late.status, late.body.code]).toEqual([410, "sandbox_terminated"]);
  });
});

describe("a claim on an empty pool", () => {
  beforeEach(() => waitForEmpty(token, "tiny"), 310_000);

  it("waits with its position and becomes ready by itself", async () => {
    const { status, headers, body } = await claim(token, { poolId: "tiny" });
    expect(status).toBe(202);
    expect(headers.get("location")).toBe(`/v1/sandboxes/${body.id}`);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(body).toMatchObject({ state: "pending", queue: { position: 1 } });
    const behind = await claim(await tokenFor({ tenant: "acme", subject: "bob" }), { poolId: "tiny" });
    expect(behind.body.queue).toMatchObject({ position: 2 });
    await call(`${apiUrl}/v1/sandboxes/${behind.body.id}`, { method: "DELETE", token });

    await eventually(
      "the waiting sandbox to become ready",
      async () => {
        const waited = await call(`${apiUrl}/v1/sandboxes/${body.id}?waitFor=ready&timeoutSeconds=25`, { token });
        return waited.body.state === "ready";
      },
      { withinMs: 120_000 },
    );
    const kubeconfig = kubeconfigFile("tiny", (await credentials(token, body.id)).kubeconfig);
    expect((await runKubectl(kubeconfig, "get", "namespace", "default", "--no-headers")).stdout).toContain("Active");
    await call(`${apiUrl}/v1/sandboxes/${body.id}`, { method: "DELETE", token });
    await waitForState(token, body.id, "terminated");
  });

  it("is refused with counts and a reason when the caller does not want to wait", async () => {
    const { status, body } = await claim(token, { poolId: "tiny", onEmpty: "fail" });
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: "pool_exhausted", retryable: true, counts: { available: 0, maxTotal: 2 } });
    expect(["exhausted", "warming"]).toContain(body.reason);
  });
});
