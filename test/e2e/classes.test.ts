import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { call, eventually } from "../support/http.ts";
import { leftovers, nothing } from "../support/leftovers.ts";
import { runKubectl } from "../support/run-kubectl.ts";
import { claim, credentials, target, tokenFor, waitForState, waitForWarm } from "../support/sandlot.ts";

const { apiUrl } = target();
const folder = mkdtempSync(join(tmpdir(), "sandlot-classes-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a cluster with managed nodes comes with its node group, its volumes and its owner's manifests, and leaves nothing", async () => {
  const token = await tokenFor({ tenant: "acme", subject: "grace" });
  const { body } = await claim(token, { poolId: "managed" });
  const seen = new Set<string>();
  await eventually(
    "a managed cluster to be ready",
    async () => {
      const { body: now } = await call(`${apiUrl}/v1/sandboxes/${body.id}`, { token });
      const { body: clusters } = await call(`${apiUrl}/v1/pools/managed/clusters`, { token });
      for (const it of clusters.items ?? []) if (it.progress) seen.add(it.progress.step);
      return now.state === "ready";
    },
    { withinMs: 180_000, everyMs: 250, last: () => [...seen] },
  );
  expect([...seen]).toContain("nodes");

  const kubeconfig = join(folder, "managed.yaml");
  writeFileSync(kubeconfig, (await credentials(token, body.id)).kubeconfig, { mode: 0o600 });
  const kubectl = async (...args: string[]) => (await runKubectl(kubeconfig, ...args)).stdout.trim();
  expect(await kubectl("get", "nodes", "-L", "eks.amazonaws.com/nodegroup", "--no-headers")).toMatch(/ nodes$/);
  expect(await kubectl("get", "configmap", "welcome", "-n", "exercises", "-o", "jsonpath={.data.message}")).toContain(
    "yours",
  );
  expect(await kubectl("get", "storageclass", "gp3", "-o", "jsonpath={.provisioner}")).toBe("ebs.csi.aws.com");
  const level = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
  expect(await kubectl("get", "namespace", "default", "-o", level)).toBe("baseline");

  await call(`${apiUrl}/v1/sandboxes/${body.id}`, { method: "DELETE", token });
  const { clusterId } = await waitForState(token, body.id, "terminated");
  expect(await leftovers(clusterId)).toEqual(nothing);
});

const shop = `
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec: { defaultBackend: { service: { name: shop, port: { number: 80 } } } }
`;

it("an Ingress on Auto Mode gets its load balancer without naming a class, and leaves nothing", async () => {
  const token = await tokenFor({ tenant: "acme", subject: "grace" });
  await waitForWarm(token, "small", 1);
  const { body } = await claim(token, { poolId: "small" });
  const kubeconfig = join(folder, "auto.yaml");
  writeFileSync(kubeconfig, (await credentials(token, body.id)).kubeconfig, { mode: 0o600 });
  const manifest = join(folder, "shop.yaml");
  writeFileSync(manifest, shop);
  await runKubectl(kubeconfig, "apply", "-f", manifest);
  const address = "jsonpath={.spec.ingressClassName} {.status.loadBalancer.ingress[0].hostname}";
  await eventually("an address of the Ingress", async () => {
    const { stdout } = await runKubectl(kubeconfig, "get", "ingress", "shop", "-o", address);
    return /^alb \S+$/.test(stdout);
  });
  expect((await leftovers(body.clusterId)).loadBalancers).toHaveLength(1);

  await call(`${apiUrl}/v1/sandboxes/${body.id}`, { method: "DELETE", token });
  await waitForState(token, body.id, "terminated");
  expect(await leftovers(body.clusterId)).toEqual(nothing);
});
