import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureBinary } from "../../local/controlplane/binary.ts";
import { type ControlPlane, startControlPlane } from "../../local/controlplane/control-plane.ts";
import { type Etcd, startEtcd } from "../../local/controlplane/etcd.ts";
import { addNode } from "../../local/controlplane/nodes.ts";
import { freePort } from "../../local/ports.ts";
import { kubernetesAdministration } from "../../shared/adapters/kubernetes/administration.ts";
import { type KubernetesClient, withClient } from "../../shared/adapters/kubernetes/client.ts";
import { credentialIssuer } from "../../shared/adapters/kubernetes/credentials.ts";
import { credentialIssuersGroup, systemNamespace } from "../../shared/adapters/kubernetes/names.ts";
import type { Feature } from "../../shared/domain/cluster-class.ts";
import { asId, type ClusterId, type SandboxId } from "../../shared/domain/ids.ts";
import type { ManifestObject } from "../../shared/domain/manifest.ts";
import type { StepOutcome } from "../../shared/ports/cluster-provider.ts";
import type { KubernetesTarget } from "../../shared/ports/kubernetes-access.ts";
import { aClassRevision } from "../support/builders.ts";

const dir = mkdtempSync(join(tmpdir(), "sandlot-kubernetes-access-"));
/** Without Auto Mode's IngressClass: these control planes know only what is Kubernetes' own. */
const features: readonly Feature[] = ["storage", "networkPolicy"];
const plain = aClassRevision({ clusterClass: { kubernetesVersion: "1.36", nodes: 1, features } });
const sandboxId = asId<SandboxId>("sbx_Test1");

let webhook: Server;
let etcd: Etcd;
let planes: ControlPlane[] = [];
let target: KubernetesTarget;
let other: KubernetesTarget;

/** Who a token is for, as the cloud says it: `<role>:<cluster>`, good for that cluster only. */
const groups: Record<string, string[]> = { worker: ["system:masters"], access: [credentialIssuersGroup] };
const identity = (role: string) => ({
  clusterToken: async (clusterName: string) => `${role}:${clusterName}`,
  clusterName: (id: ClusterId) => id,
});
const administration = kubernetesAdministration(identity("worker"));
const issuer = credentialIssuer(identity("access"));

beforeAll(async () => {
  webhook = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const review = JSON.parse(Buffer.concat(chunks).toString());
    const [role = "", cluster] = review.spec.token.split(":");
    const authenticated = role in groups && request.url?.startsWith(`/token-review/${cluster}`);
    const user = { username: role, groups: groups[role] };
    const status = authenticated ? { authenticated, user } : { authenticated: false };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: "TokenReview", status }));
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const address = webhook.address();
  const tokenWebhookUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const binary = await ensureBinary({ report: () => {} });
  etcd = await startEtcd({ binary, dir: join(dir, "etcd") });
  planes = await Promise.all(
    ["cls-a", "cls-b"].map((name) =>
      startControlPlane({ binary, etcdUrl: etcd.url, name, dir: join(dir, name), tokenWebhookUrl }),
    ),
  );
  await Promise.all(planes.map((it) => it.waitReady()));
  [target, other] = planes.map((it) => ({
    id: asId<ClusterId>(it.name),
    endpoint: it.endpoint,
    certificateAuthority: it.caData,
  })) as [KubernetesTarget, KubernetesTarget];
});

afterAll(async () => {
  await Promise.all(planes.map((it) => it.stop()));
  await etcd?.stop();
  webhook?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Repeats a step as the worker does, with short pauses; answers the end, the notes and what was removed on the way. */
async function until<Outcome extends StepOutcome & { removed?: readonly string[] }>(step: () => Promise<Outcome>) {
  const notes: string[] = [];
  const removed: string[] = [];
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const outcome = await step();
    if ("removed" in outcome) removed.push(...(outcome.removed ?? []));
    if (outcome.kind !== "again") return { outcome, notes, removed };
    notes.push(outcome.note);
    await sleep(200);
  }
  throw new Error(`The step does not come to an end: ${notes.at(-1)}`);
}

const asWorker = <T>(act: (client: KubernetesClient) => Promise<T>) => withClient(target, `worker:${target.id}`, act);

const statusOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 200,
    (error: unknown) => (error instanceof ApiException ? error.code : Promise.reject(error)),
  );

test("a cluster that does not let us in yet, or does not answer, is tried again", async () => {
  const stranger = kubernetesAdministration(identity("stranger"));
  expect(await stranger.bootstrap(target, plain)).toMatchObject({
    kind: "again",
    note: expect.stringContaining("401"),
  });
  const silent = { ...target, endpoint: `https://127.0.0.1:${await freePort()}` };
  expect(await administration.bootstrap(silent, plain)).toMatchObject({ kind: "again" });
});

test("a bootstrapped cluster blocks instance metadata and has a class for volumes; doing it twice changes nothing", async () => {
  expect((await until(() => administration.bootstrap(target, plain))).outcome).toEqual({ kind: "done" });
  const state = () =>
    asWorker(async ({ networking, storage }) => {
      const policy = await networking.readNamespacedNetworkPolicy({
        namespace: "default",
        name: "no-instance-metadata",
      });
      return { policy, classes: (await storage.listStorageClass()).items };
    });
  const { policy, classes } = await state();
  const blocked = policy.spec?.egress?.[0]?.to?.flatMap((it) => it.ipBlock?.except ?? []);
  expect(blocked).toEqual(["169.254.169.254/32", "fd00:ec2::254/128"]);
  expect(classes.map((it) => it.metadata?.name)).toEqual(["gp3"]);

  expect((await until(() => administration.bootstrap(target, plain))).outcome).toEqual({ kind: "done" });
  const again = await state();
  expect(again.policy.metadata?.resourceVersion).toBe(policy.metadata?.resourceVersion);
  expect(again.classes[0]?.metadata?.resourceVersion).toBe(classes[0]?.metadata?.resourceVersion);
});

const exercises = (objects: readonly ManifestObject[]) => ({
  ...plain,
  revision: "r7",
  manifests: objects.map((object) => ({ file: "exercises.yaml", object })),
});
const widgets: ManifestObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    names: { kind: "Widget", plural: "widgets", singular: "widget" },
    scope: "Namespaced",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

test("an owner's manifests are there, kinds and namespaces of their own included, whatever their order", async () => {
  const built = exercises([
    { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "first", namespace: "shop" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "welcome", labels: { course: "go" } }, data: { a: "1" } },
    widgets,
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  ]);
  expect((await until(() => administration.bootstrap(target, built))).outcome).toEqual({ kind: "done" });
  expect((await until(() => administration.bootstrap(target, built))).outcome).toEqual({ kind: "done" });
  await asWorker(async ({ core, custom }) => {
    const { metadata, data } = await core.readNamespacedConfigMap({ namespace: "default", name: "welcome" });
    expect([metadata?.labels, data]).toEqual([{ course: "go", "sandlot.dev/revision": "r7" }, { a: "1" }]);
    expect(metadata?.managedFields?.map((it) => it.manager)).toEqual(["sandlot"]);
    const at = { group: "example.com", version: "v1", plural: "widgets", namespace: "shop", name: "first" };
    expect(await custom.getNamespacedCustomObject(at)).toMatchObject({
      metadata: { labels: { "sandlot.dev/revision": "r7" } },
    });
  });
});

test.each<[string, ManifestObject, string]>([
  [
    "of a kind that nobody defines",
    { apiVersion: "example.com/v1", kind: "Gadget", metadata: { name: "x" } },
    "Gadget x (exercises.yaml): the cluster knows no kind Gadget in example.com/v1",
  ],
  [
    "of a group that nobody serves",
    { apiVersion: "nowhere.example.com/v1", kind: "Thing", metadata: { name: "x" } },
    "Thing x (exercises.yaml): the cluster knows no kind Thing in nowhere.example.com/v1",
  ],
  [
    "that is not valid",
    { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 99999 }] } },
    'Service web (exercises.yaml): HTTP 422: Service "web" is invalid: [spec.ports[0].port: Invalid value: 99999',
  ],
  [
    "with a field that does not exist",
    { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { prots: [], ports: [{ port: 80 }] } },
    ".spec.prots: field not declared in schema",
  ],
  [
    "in a namespace that is not there",
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "absent" } },
    'namespaces "absent" not found',
  ],
])(
  "a manifest %s fails its class at once, with the API server's own words",
  { timeout: 30_000 },
  async (_, object, words) => {
    const outcome = await administration.bootstrap(target, exercises([object]));
    expect(outcome).toMatchObject({ kind: "failed", fault: "class", note: expect.stringContaining(words) });
  },
);

test("isolation bounds the namespace that a user starts in, as far as the class wants it", async () => {
  const bounds = () =>
    asWorker(async ({ core, networking }) => {
      const { items } = await core.listNamespacedResourceQuota({ namespace: "default" });
      const limits = await core.readNamespacedLimitRange({ namespace: "default", name: "sandlot" });
      const policies = await networking.listNamespacedNetworkPolicy({ namespace: "default" });
      const { metadata } = await core.readNamespace({ name: "default" });
      return {
        quota: items[0]?.spec?.hard,
        requests: limits.spec?.limits[0]?.defaultRequest,
        policies: policies.items.map((it) => it.metadata?.name),
        podSecurity: metadata?.labels?.["pod-security.kubernetes.io/enforce"],
      };
    });
  await until(() => administration.bootstrap(target, plain));
  expect(await bounds()).toEqual({
    quota: { persistentvolumeclaims: "30", "requests.storage": "300Gi", "services.loadbalancers": "10" },
    requests: { cpu: "25m", memory: "32Mi" },
    policies: ["no-instance-metadata"],
    podSecurity: undefined,
  });
  const isolation = { podSecurity: "restricted", quota: { pods: "50" }, ingressFrom: "namespace" } as const;
  const strict = { ...plain, clusterClass: { ...plain.clusterClass, isolation } };
  expect((await until(() => administration.bootstrap(target, strict))).outcome).toEqual({ kind: "done" });
  expect(await bounds()).toMatchObject({
    quota: { pods: "50" },
    policies: ["from-this-namespace-only", "no-instance-metadata"],
    podSecurity: "restricted",
  });
  const privileged = { apiVersion: "v1", kind: "Pod", metadata: { name: "root" } };
  const containers = [{ name: "root", image: "busybox", securityContext: { privileged: true } }];
  const refused = await administration.bootstrap(target, {
    ...strict,
    manifests: [{ file: "root.yaml", object: { ...privileged, spec: { containers } } }],
  });
  expect(refused).toMatchObject({
    kind: "failed",
    fault: "class",
    note: expect.stringContaining("violates PodSecurity"),
  });
  await asWorker(({ core }) => core.replaceNamespace({ name: "default", body: { metadata: { name: "default" } } }));
}, 30_000);

test("a cluster that has a default class for volumes keeps it", async () => {
  await asWorker(async ({ storage, objects }) => {
    await storage.deleteStorageClass({ name: "gp3" });
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    await objects.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "theirs", annotations },
      provisioner: "example.com/theirs",
    } as never);
    expect(await administration.bootstrap(target, plain)).toEqual({ kind: "done" });
    expect((await storage.listStorageClass()).items.map((it) => it.metadata?.name)).toEqual(["theirs"]);
    await storage.deleteStorageClass({ name: "theirs" });
  });
});

test("the access function may issue the owner's credentials and do nothing else", async () => {
  await withClient(target, `access:${target.id}`, async ({ core, apps }) => {
    expect(await statusOf(core.listPodForAllNamespaces())).toBe(403);
    expect(await statusOf(core.listNamespacedSecret({ namespace: systemNamespace }))).toBe(403);
    expect(await statusOf(core.deleteNamespacedServiceAccount({ namespace: systemNamespace, name: "owner" }))).toBe(
      403,
    );
    expect(await statusOf(apps.listDeploymentForAllNamespaces())).toBe(403);
    const body = { spec: { audiences: [], expirationSeconds: 600 } };
    const named = (name: string) => ({ namespace: systemNamespace, name, body });
    expect(await statusOf(core.createNamespacedServiceAccountToken(named("default")))).toBe(403);
  });
});

test("validation waits for the nodes, runs as the user, and leaves no trace", async () => {
  expect(await administration.validate(target, 2)).toMatchObject({ kind: "again", note: "nodes Ready 0 of 2" });
  const controlPlane = planes[0] as ControlPlane;
  await addNode({ controlPlane, name: "node-1" });
  const one = await until(async () => {
    const outcome = await administration.validate(target, 2);
    return outcome.kind === "again" && outcome.note === "nodes Ready 1 of 2" ? { kind: "done" as const } : outcome;
  });
  expect(one.outcome).toEqual({ kind: "done" });
  await addNode({ controlPlane, name: "node-2" });
  const { outcome } = await until(() => administration.validate(target, 2));
  expect(outcome).toMatchObject({ kind: "done" });
  await asWorker(async ({ apps, core }) => {
    expect((await apps.listDeploymentForAllNamespaces()).items).toEqual([]);
    expect((await core.listPodForAllNamespaces()).items).toEqual([]);
    const secrets = (await core.listNamespacedSecret({ namespace: systemNamespace })).items;
    expect(secrets.map((it) => it.metadata?.name)).toEqual([]);
    const kept = (await core.listNode()).items.map((it) => it.metadata?.annotations?.["karpenter.sh/do-not-disrupt"]);
    expect(kept).toEqual(["true", "true"]);
  });
});

test("a validation that was interrupted after the canary had passed only cleans up, and may start over after that", async () => {
  expect((await until(() => administration.validate(target, 2))).outcome).toMatchObject({ kind: "done" });
  const [first, second] = await Promise.all([
    until(() => administration.validate(target, 2)),
    until(() => administration.validate(target, 2)),
  ]);
  expect([first.outcome.kind, second.outcome.kind]).toEqual(["done", "done"]);
});

test("a sandbox's credential administers its own cluster, until the time that it says, and no other", async () => {
  const before = Date.now();
  const { token, expiresAt } = await issuer.issue(target, sandboxId, 1200);
  expect(Math.round((expiresAt - before) / 60_000)).toBe(20);
  await withClient(target, token, async ({ core }) => {
    await core.createNamespace({ body: { metadata: { name: "mine" } } });
    expect((await core.listNode()).items).toHaveLength(2);
  });
  expect(await statusOf(withClient(other, token, ({ core }) => core.listNamespace()))).toBe(401);
});

test("a cluster that refuses to issue says why, in a message without the response's headers", async () => {
  await expect(issuer.issue(target, sandboxId, 10)).rejects.toThrow(/^HTTP 422: .*10 minutes$/);
  await expect(issuer.issue(other, sandboxId, 600)).rejects.toThrow(/^HTTP 40[34]: /);
});

test("load balancers, volumes and what holds them go, and the step waits for their controllers", async () => {
  const namespace = "mine";
  const claimName = "data";
  await asWorker(async ({ core, apps, networking }) => {
    const finalizers = ["service.k8s.aws/resources"];
    await core.createNamespacedService({
      namespace,
      body: { metadata: { name: "web", finalizers }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } },
    });
    await core.createNamespacedService({
      namespace,
      body: { metadata: { name: "inner" }, spec: { ports: [{ port: 1 }] } },
    });
    await networking.createNamespacedIngress({
      namespace,
      body: {
        metadata: { name: "site" },
        spec: { defaultBackend: { service: { name: "inner", port: { number: 1 } } } },
      },
    });
    await core.createPersistentVolume({
      body: {
        metadata: { name: "pv-1", annotations: { "pv.kubernetes.io/provisioned-by": "ebs.csi.eks.amazonaws.com" } },
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Retain",
          storageClassName: "gp3",
          csi: { driver: "ebs.csi.eks.amazonaws.com", volumeHandle: "vol-1" },
          claimRef: { namespace, name: claimName },
        },
      },
    });
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: {
        metadata: { name: claimName },
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "1Gi" } },
          storageClassName: "gp3",
          volumeName: "pv-1",
        },
      },
    });
    const labels = { app: "db" };
    await apps.createNamespacedStatefulSet({
      namespace,
      body: {
        metadata: { name: "db" },
        spec: {
          selector: { matchLabels: labels },
          serviceName: "inner",
          template: {
            metadata: { labels },
            spec: {
              containers: [{ name: "db", image: "db", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
              volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
            },
          },
        },
      },
    });
  });
  await asWorker(({ core }) =>
    until(async () => {
      const pods = await core.listNamespacedPod({ namespace });
      const running = pods.items.some((it) => it.status?.phase === "Running");
      return running ? { kind: "done" } : { kind: "again", afterSeconds: 0, note: "the pod does not run" };
    }),
  );

  const first = await administration.removeExternals(target);
  expect(first).toMatchObject({
    kind: "again",
    removed: [
      `service/${namespace}/web`,
      `ingress/${namespace}/site`,
      `persistent-volume-claim/${namespace}/${claimName}`,
    ],
  });
  const { removed } = await until(async () => {
    const outcome = await administration.removeExternals(target);
    const stuck = "waiting for service/mine/web, persistent-volume/pv-1";
    return outcome.kind === "again" && outcome.note === stuck ? { kind: "done" as const, removed: [] } : outcome;
  });
  expect(removed).toEqual([]);

  // What the cloud's controllers do once their part is gone.
  await asWorker(async ({ core, objects }) => {
    const volume = await core.readPersistentVolume({ name: "pv-1" });
    expect(volume.spec?.persistentVolumeReclaimPolicy).toBe("Delete");
    await core.deletePersistentVolume({ name: "pv-1" });
    const { kind, apiVersion } = { kind: "Service", apiVersion: "v1" };
    const service = await objects.read({ kind, apiVersion, metadata: { namespace, name: "web" } });
    await objects.replace({ ...service, metadata: { ...service.metadata, finalizers: [] } });
  });
  expect((await until(() => administration.removeExternals(target))).outcome).toEqual({ kind: "done", removed: [] });
});

test("a revoked credential is refused, also one that its holder minted, and no new one is issued", async () => {
  const { token } = await issuer.issue(target, sandboxId, 600);
  const minted = await withClient(target, token, async ({ core }) => {
    const body = { spec: { audiences: [], expirationSeconds: 86_400 } };
    return core.createNamespacedServiceAccountToken({ namespace: systemNamespace, name: "owner", body });
  });
  for (let time = 0; time < 2; time += 1) {
    expect(await administration.revokeCredentials(target)).toEqual({ kind: "done" });
  }
  for (const revoked of [token, minted.status?.token ?? ""]) {
    const refused = async () => statusOf(withClient(target, revoked, ({ core }) => core.listNode()));
    await expect.poll(refused, { timeout: 20_000, interval: 500 }).toBe(401);
  }
  await expect(issuer.issue(target, sandboxId, 600)).rejects.toThrow(/^HTTP 403: /);
});

test("a user who deleted our own namespace does not hold up the tear-down", async () => {
  await asWorker(({ core }) => core.deleteNamespace({ name: systemNamespace }));
  const names = async () =>
    asWorker(async ({ core }) => (await core.listNamespace()).items.map((it) => it.metadata?.name));
  await expect.poll(names, { timeout: 20_000 }).not.toContain(systemNamespace);
  expect(await administration.revokeCredentials(target)).toEqual({ kind: "done" });
  expect((await until(() => administration.removeExternals(target))).outcome).toEqual({ kind: "done", removed: [] });
});

test("an API server that is gone for good ends the steps that need it, and only those of a tear-down", async () => {
  await planes[1]?.stop();
  expect(await administration.revokeCredentials(other)).toMatchObject({ kind: "done" });
  expect(await administration.removeExternals(other)).toMatchObject({ kind: "done", removed: [] });
  expect(await administration.bootstrap(other, plain)).toMatchObject({ kind: "again" });
});
