import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runKubectl } from "../support/run-kubectl.ts";
import type { Api } from "./api.ts";
import type { Ledger } from "./ledger.ts";
import type { Visit } from "./schedule.ts";

export interface VisitorContext {
  readonly api: Api;
  readonly ledger: Ledger;
  readonly poolId: string;
  /** For kubeconfigs. */
  readonly folder: string;
  /** Ends every visit where it is; what is claimed stays. */
  readonly signal: AbortSignal;
}

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
---
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

const queueSeconds = 60;
const betweenSignsMs = 6_000;

/** What each kind asks for beyond a sandbox of the pool. */
const wishes = {
  worker: () => ({}),
  sleeper: ({ staySeconds }: Visit) => ({ ttlSeconds: staySeconds }),
  idler: () => ({ idleTimeoutSeconds: 10 }),
  absentee: () => ({}),
  canceller: () => ({}),
  impatient: () => ({ onEmpty: "fail" }),
} as const;

/** Plays one visit to its end, whatever goes wrong on the way; never throws. */
export async function play(visit: Visit, context: VisitorContext): Promise<void> {
  try {
    await claimAndStay(visit, context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
  }
}

async function claimAndStay(visit: Visit, context: VisitorContext): Promise<void> {
  const { api, ledger, poolId, signal } = context;
  ledger.note("claim");
  const claimed = await api.ask("/v1/sandboxes", {
    method: "POST",
    headers: { "idempotency-key": visit.key },
    body: { poolId, ownerId: visit.owner, maxQueueSeconds: queueSeconds, ...wishes[visit.kind](visit) },
    signal,
  });
  if (claimed === undefined) return void ledger.note("unanswered");
  if (claimed.status >= 300) return void ledger.note("refused");
  ledger.saw(claimed.body, visit.key);
  const id: string = claimed.body.id;
  if (visit.kind === "canceller") return end(id, context);
  if (!(await becomesReady(id, context))) return;
  switch (visit.kind) {
    case "worker":
    case "impatient":
      await use(id, context);
      if (await stay(id, visit, context)) await end(id, context);
      return;
    case "sleeper":
    case "idler":
      await api.ask(`/v1/sandboxes/${id}/heartbeat`, { method: "POST", signal });
      return;
    case "absentee":
      return;
  }
}

async function becomesReady(id: string, { api, ledger, signal }: VisitorContext): Promise<boolean> {
  while (!signal.aborted) {
    const answer = await api.ask(`/v1/sandboxes/${id}?waitFor=ready&timeoutSeconds=5`, { signal });
    ledger.saw(answer?.body);
    const state = answer?.body?.state;
    if (state !== "pending" && answer !== undefined) return state === "ready" || state === "active";
  }
  return false;
}

/** Deploys something that costs money, through the kubeconfig that was handed out. */
async function use(id: string, { api, ledger, folder, signal }: VisitorContext): Promise<void> {
  const issued = await api.ask(`/v1/sandboxes/${id}/credentials`, { method: "POST", withinMs: 20_000, signal });
  if (issued?.status !== 200) return void ledger.note("useFailed");
  const own = join(folder, id);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const kubeconfig = join(own, "kubeconfig");
  const manifest = join(own, "workload.yaml");
  writeFileSync(kubeconfig, issued.body.kubeconfig, { mode: 0o600 });
  writeFileSync(manifest, workload);
  try {
    await runKubectl(kubeconfig, "apply", "-f", manifest);
    ledger.note("used");
  } catch {
    // Its API server may just have been killed: that is what this is about.
    ledger.note("useFailed");
  }
}

/** Gives signs of life until it is time to go; false when the sandbox has ended before. */
async function stay(id: string, visit: Visit, { api, ledger, signal }: VisitorContext): Promise<boolean> {
  const until = Date.now() + visit.staySeconds * 1_000;
  if (visit.extends) {
    const body = { seconds: 15 };
    const extended = await api.ask(`/v1/sandboxes/${id}/extend`, { method: "POST", body, signal });
    ledger.saw(extended?.body);
  }
  while (Date.now() < until) {
    await sleep(Math.min(betweenSignsMs, Math.max(0, until - Date.now())), undefined, { signal });
    const answer = await api.ask(`/v1/sandboxes/${id}/heartbeat`, { method: "POST", signal });
    ledger.saw(answer?.body);
    if (answer?.status === 410 || answer?.status === 409) {
      const last = await api.ask(`/v1/sandboxes/${id}`, { signal });
      ledger.saw(last?.body);
      return false;
    }
  }
  return true;
}

async function end(id: string, { api, ledger, signal }: VisitorContext): Promise<void> {
  const answer = await api.ask(`/v1/sandboxes/${id}`, { method: "DELETE", signal });
  ledger.saw(answer?.body);
}
