import { setTimeout as sleep } from "node:timers/promises";
import type { Binary } from "../controlplane/binary.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import type { Etcd } from "../controlplane/etcd.ts";
import { isFree } from "../ports.ts";
import { type Cloud, findSubnets } from "./cloud/cloud.ts";
import { type CloudController, startCloudController } from "./cloud/controller.ts";
import { writeFoundation } from "./cloud/foundation.ts";
import { kubernetesOf } from "./cloud/kubernetes.ts";
import { type Address, type ClusterRecord, isAutoMode, type PartRecord, subjectOf } from "./cluster-record.ts";
import { effectsOnCloud } from "./faults/on-cloud.ts";
import type { ApiServerHealth } from "./faults/on-clusters.ts";
import { type Pauses, pauseRepeatedly } from "./faults/pause.ts";
import { livingParts, partStatus } from "./part-status.ts";
import type { Behaviour } from "./settings.ts";
import type { RecordStore } from "./store.ts";

export interface RunOptions {
  readonly binary: Binary;
  readonly etcd: Etcd;
  readonly store: RecordStore;
  readonly cloud: Cloud;
  /** Asked by the API servers who signed a token. */
  readonly tokenWebhookUrl: string;
  readonly behaviour: Behaviour;
  readonly report: (message: string) => void;
}

/** A cluster with its processes. */
export interface RunningCluster {
  record: ClusterRecord;
  address: Address | undefined;
  controlPlane: ControlPlane | undefined;
  controller: CloudController | undefined;
  /** Whether its API server has been killed on purpose. */
  isDown: boolean;
  /** What halts its API server, while something does. */
  pauses: Pauses | undefined;
  readonly ending: AbortController;
}

/** How a running cluster tells of itself. */
export interface ClusterEvents {
  readonly onStarted: (port: number) => void;
  readonly onPart: (part: PartRecord, change: Partial<PartRecord>) => void;
  /** A component has ended that nobody has ended; the cluster is unusable. */
  readonly onBroken: (error: Error) => void;
}

const portFreeWithinMs = 3_000;

/**
 * Starts the control plane, on what an earlier one of the same record has left, and what AWS does beside it. Returns when
 * callers can use the cluster.
 */
export async function start(options: RunOptions, cluster: RunningCluster, events: ClusterEvents): Promise<void> {
  const { binary, etcd, store, cloud, tokenWebhookUrl, behaviour, report } = options;
  const { name, subnetIds, port } = cluster.record;
  const { signal } = cluster.ending;
  const kept = port !== undefined && (await becomesFree(port, signal)) ? { kubernetesPort: port } : {};
  const controlPlane = await startControlPlane({
    binary,
    etcdUrl: etcd.url,
    name,
    dir: store.folderOf(name),
    tokenWebhookUrl,
    signal,
    ...kept,
  });
  cluster.controlPlane = controlPlane;
  const autoMode = isAutoMode(cluster.record);
  const [subnets] = await Promise.all([findSubnets(cloud, subnetIds), controlPlane.waitReady()]);
  await writeFoundation(kubernetesOf(controlPlane.admin), autoMode);
  signal.throwIfAborted();
  void controlPlane.exited.then((exit) => {
    if (!cluster.isDown) events.onBroken(new Error(`${exit.component} ended: ${exit.lastWords}`));
  });
  const parts = (kind: PartRecord["kind"]) => livingParts(cluster.record, kind, behaviour.durations, Date.now());
  cluster.controller = await startCloudController({
    controlPlane,
    cloud,
    cluster: { name, subnets, autoMode },
    groups: () => parts("nodegroup"),
    addons: () => parts("addon"),
    statusOf: (part) => partStatus(part, behaviour.durations, Date.now()),
    effects: effectsOnCloud(behaviour.faults, () => subjectOf(cluster.record)),
    onPart: events.onPart,
    onError: (error) => report(`cluster ${name}: ${messageOf(error)}`),
  });
  cluster.address = { endpoint: controlPlane.endpoint, caData: controlPlane.caData };
  events.onStarted(Number(new URL(controlPlane.endpoint).port));
}

/** Ends a cluster's processes, and with them what Kubernetes held; repeatable. */
export async function end(cluster: RunningCluster): Promise<void> {
  const { controller, controlPlane } = cluster;
  cluster.address = undefined;
  await endPauses(cluster);
  await controller?.stop();
  cluster.controller = undefined;
  await controlPlane?.stop();
  cluster.controlPlane = undefined;
}

/** Lets the API server be as well or ill as said. `restart` starts the cluster again after it was dead. */
export async function follow(
  cluster: RunningCluster,
  health: ApiServerHealth,
  restart: () => Promise<void>,
): Promise<void> {
  const pauseSeconds = typeof health === "object" ? health.pauseSeconds : undefined;
  if (cluster.pauses?.seconds !== pauseSeconds) await endPauses(cluster);
  if (health === "dead") {
    if (!cluster.isDown) killApiServer(cluster);
    return;
  }
  if (cluster.isDown) {
    await cluster.controller?.stop();
    await cluster.controlPlane?.suspend();
    cluster.isDown = false;
    await restart();
  }
  const pid = apiServerOf(cluster);
  if (pauseSeconds !== undefined && pid !== undefined) cluster.pauses ??= pauseRepeatedly(pid, pauseSeconds);
}

async function endPauses(cluster: RunningCluster): Promise<void> {
  await cluster.pauses?.end();
  cluster.pauses = undefined;
}

function killApiServer(cluster: RunningCluster): void {
  const pid = apiServerOf(cluster);
  if (pid === undefined) return;
  cluster.isDown = true;
  process.kill(pid, "SIGKILL");
}

function apiServerOf({ controlPlane }: RunningCluster): number | undefined {
  return controlPlane?.memory().find(({ component }) => component === "kube-apiserver")?.pid;
}

/** The processes of a killed run end on their own, but not at once. */
async function becomesFree(port: number, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + portFreeWithinMs;
  while (!(await isFree(port))) {
    if (Date.now() > deadline) return false;
    await sleep(100, undefined, { signal });
  }
  return true;
}

/** The words of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
