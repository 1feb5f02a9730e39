import { rmSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../ports.ts";
import type { Binary } from "./binary.ts";
import { type Component, type ComponentExit, type ComponentName, startComponent } from "./component.ts";
import { base64, type Credentials, ensureCredentials, secretFiles, writeKubeconfig } from "./credentials.ts";
import { deletePrefix } from "./etcd.ts";
import {
  apiServerFlags,
  type ClusterFacts,
  controllerManagerFlags,
  etcdPrefix,
  kwokFlags,
  schedulerFlags,
  serviceAddress,
} from "./flags.ts";
import { residentBytes } from "./memory.ts";

export interface ControlPlaneOptions {
  readonly binary: Binary;
  readonly etcdUrl: string;
  /** Unique among the clusters of one etcd; letters, digits, hyphens and underscores, as EKS allows. */
  readonly name: string;
  /** A folder of its own, for keys and logs; created if need be, readable by this user only. */
  readonly dir: string;
  /** Tokens that the cluster did not issue are asked about here: TokenReview, at `<url>/token-review/<name>`. */
  readonly tokenWebhookUrl: string;
  /** PEM to trust for an https webhook. */
  readonly tokenWebhookCa?: string;
  /** The API server's port; a free one is chosen without it. */
  readonly kubernetesPort?: number;
  /** Ends its processes, as `suspend` does. */
  readonly signal?: AbortSignal;
}

/** An administrator's way in, past the webhook. Stays on this machine: claimants never get it. */
export interface AdminAccess {
  readonly server: string;
  /** Base64 of the PEM. */
  readonly caData: string;
  readonly token: string;
  readonly kubeconfigFile: string;
}

export interface ComponentMemory {
  readonly component: ComponentName;
  readonly pid: number;
  readonly residentBytes: number;
}

/** A Kubernetes control plane of its own, on loopback. */
export interface ControlPlane {
  readonly name: string;
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** What a kubeconfig calls `certificate-authority-data`: base64 of the PEM that verifies `endpoint`. */
  readonly caData: string;
  readonly admin: AdminAccess;
  /** Where `<component>.log` of each component is. */
  readonly dir: string;
  /** Processes that run now; complete once `waitReady` has resolved. */
  readonly pids: readonly number[];
  /** Resolves when a component ends that nobody asked to end; the cluster is then unusable. Pending otherwise. */
  readonly exited: Promise<ComponentExit>;
  /** Memory of each component now; shared pages of the one binary count in each. */
  memory(): readonly ComponentMemory[];
  /**
   * Resolves when the API server serves and the controllers work, so that a pod may be created.
   *
   * @throws Error with a component's last words when it ends early, or after a minute.
   */
  waitReady(): Promise<void>;
  /** Ends every process at once. What the cluster held stays in etcd and `dir`, to be started again; repeatable. */
  suspend(): Promise<void>;
  /** As `suspend`, and deletes the cluster's keys in etcd, which must still run, and its secrets on disk; repeatable. */
  stop(): Promise<void>;
}

const secondsToStart = 60;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/**
 * Starts a control plane and returns as soon as its API server is a process; `waitReady` tells the rest. Started again
 * with the same name, `dir` and etcd after a crash of this process, it takes up where it was. It ends with this
 * process, however this process ends.
 *
 * @throws Error for a name that would not be safe in a path.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { name, dir, signal } = options;
  if (!namePattern.test(name)) throw new Error(`${name} is no name for a control plane`);
  signal?.throwIfAborted();
  const port = options.kubernetesPort ?? (await freePort());
  const endpoint = `https://127.0.0.1:${port}`;
  const facts = await prepare(options, port, endpoint);
  const { credentials } = facts;

  const running: Component[] = [];
  let suspending: Promise<void> | undefined;
  let starting: Promise<void> | undefined;
  let report: (exit: ComponentExit) => void = () => {};
  const exited = new Promise<ComponentExit>((resolve) => {
    report = resolve;
  });
  let died: ComponentExit | undefined;
  const start = async (component: ComponentName, flags: readonly string[]): Promise<void> => {
    const started = await startComponent({
      binary: options.binary,
      name: component,
      dir,
      flags,
      environment: { GOGC: "50" },
    });
    running.push(started);
    void started.exited.then((exit) => {
      if (suspending !== undefined) return;
      died ??= exit;
      report(exit);
    });
  };
  const suspend = (): Promise<void> => {
    signal?.removeEventListener("abort", suspend);
    suspending ??= (async () => {
      await endAll(running);
      // A component may just have been on its way.
      await starting?.catch(() => {});
      await endAll(running);
    })();
    return suspending;
  };
  const stop = async (): Promise<void> => {
    await suspend();
    await forget(facts);
  };
  const answers = async (path: string): Promise<void> => {
    const deadline = Date.now() + secondsToStart * 1_000;
    while ((await statusOf(`${endpoint}${path}`, credentials)) !== 200) {
      if (suspending !== undefined) throw new Error(`control plane ${name} was stopped while starting`);
      if (died !== undefined) throw new Error(`${died.component} of ${name} ended while starting:\n${died.lastWords}`);
      if (Date.now() > deadline) throw new Error(`control plane ${name} did not get ready: see the logs in ${dir}`);
      await sleep(50);
    }
  };

  await start("kube-apiserver", apiServerFlags(facts));
  const ready = (async () => {
    // The other components give up when the API server takes long, as it does while several start on a small machine.
    await answers("/readyz");
    await Promise.all([
      start("kube-controller-manager", controllerManagerFlags(facts)),
      start("kube-scheduler", schedulerFlags(facts)),
      start("kwok", kwokFlags(facts)),
    ]);
    await answers("/api/v1/namespaces/default/serviceaccounts/default");
  })();
  ready.catch(() => {});
  starting = ready;
  signal?.addEventListener("abort", suspend);
  if (signal?.aborted === true) await suspend();

  const caData = base64(credentials.ca);
  return {
    name,
    endpoint,
    caData,
    admin: { server: endpoint, caData, token: credentials.adminToken, kubeconfigFile: facts.adminFile },
    dir,
    get pids() {
      return running.map(({ pid }) => pid);
    },
    exited,
    memory: () => running.map(({ name: component, pid }) => ({ component, pid, residentBytes: residentBytes(pid) })),
    waitReady: () => ready,
    suspend,
    stop,
  };
}

async function prepare(options: ControlPlaneOptions, port: number, endpoint: string): Promise<ClusterFacts> {
  const { name, dir, etcdUrl } = options;
  const credentials = await ensureCredentials(dir, serviceAddress, new Date());
  const webhookFile = join(dir, "token-webhook.kubeconfig");
  const adminFile = join(dir, "admin.kubeconfig");
  writeKubeconfig(webhookFile, {
    name: "token-review",
    server: `${options.tokenWebhookUrl}/token-review/${name}`,
    ...(options.tokenWebhookCa === undefined ? {} : { ca: options.tokenWebhookCa }),
  });
  writeKubeconfig(adminFile, { name, server: endpoint, ca: credentials.ca, token: credentials.adminToken });
  return { name, port, etcdUrl, credentials, webhookFile, adminFile };
}

/** Kills rather than asks: everything that matters is in etcd by then. */
async function endAll(running: readonly Component[]): Promise<void> {
  await Promise.all(running.map((component) => component.stop()));
}

async function forget(facts: ClusterFacts): Promise<void> {
  for (const file of [...secretFiles(facts.credentials), facts.adminFile, facts.webhookFile]) {
    rmSync(file, { force: true });
  }
  await deletePrefix(facts.etcdUrl, etcdPrefix(facts.name));
}

/** The status of an answer to the administrator; undefined when there is none yet. */
function statusOf(address: string, credentials: Credentials): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${credentials.adminToken}` };
    const probe = request(address, { agent: false, ca: credentials.ca, headers, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    probe.on("timeout", () => probe.destroy());
    probe.on("error", () => resolve(undefined));
    probe.end();
  });
}
