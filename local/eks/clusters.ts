import { setTimeout as sleep } from "node:timers/promises";
import type { Binary } from "../controlplane/binary.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { deletePrefix, type Etcd } from "../controlplane/etcd.ts";
import { etcdPrefix } from "../controlplane/flags.ts";
import { isFree } from "../ports.ts";
import { policyBindings } from "./access.ts";
import { type Cloud, findSubnets } from "./cloud/cloud.ts";
import { type CloudController, startCloudController } from "./cloud/controller.ts";
import { removeInterfaces } from "./cloud/interfaces.ts";
import { type Kubernetes, kubernetesOf, unless } from "./cloud/kubernetes.ts";
import { removeLoadBalancers } from "./cloud/load-balancers.ts";
import { driverObjects } from "./cloud/volumes.ts";
import { type Address, type ClusterRecord, type HealthIssue, isAutoMode, subjectOf } from "./cluster-record.ts";
import { effectOnCreation } from "./faults/on-clusters.ts";
import { livingParts } from "./overlay.ts";
import type { Behaviour } from "./settings.ts";
import type { RecordStore } from "./store.ts";

/** A cluster as it is now. */
export interface ClusterView {
  readonly record: ClusterRecord;
  /** Where its API server is; undefined while there is none. */
  readonly address: Address | undefined;
  /** Its processes. */
  readonly pids: readonly number[];
}

/** The clusters behind the front, each with a control plane of its own. */
export interface Clusters {
  get(name: string): ClusterView | undefined;
  all(): readonly ClusterView[];
  /** Begins to build the cluster of a new record, or an old record's control plane again; not that of one that FAILED. */
  create(record: ClusterRecord): void;
  /** Changes the record and has the cluster follow. Does nothing once the cluster is gone. */
  change(name: string, update: (record: ClusterRecord) => ClusterRecord): void;
  /** Begins to delete: the cluster is DELETING until nothing is left of it, and then unknown. Repeatable. */
  remove(name: string): void;
  /** Resolves when nothing is being built. */
  settled(): Promise<void>;
  /** Ends all processes; the records stay. */
  stop(): Promise<void>;
}

export interface ClustersOptions {
  readonly binary: Binary;
  readonly etcd: Etcd;
  readonly store: RecordStore;
  readonly cloud: Cloud;
  /** Asked by the API servers who signed a token. */
  readonly tokenWebhookUrl: string;
  readonly behaviour: Behaviour;
  readonly report: (message: string) => void;
}

interface Entry {
  record: ClusterRecord;
  address: Address | undefined;
  controlPlane: ControlPlane | undefined;
  controller: CloudController | undefined;
  readonly ending: AbortController;
  /** What is being done for it, one thing after another; never rejects. */
  work: Promise<void>;
}

const retryMs = 2_000;
const portFreeWithinMs = 3_000;

/** Ends a creation with what the cluster's health shall say. */
class CreationFailed extends Error {
  override readonly name = "CreationFailed";
  readonly issue: HealthIssue;

  constructor(issue: HealthIssue) {
    super(issue.message);
    this.issue = issue;
  }
}

/** Runs the clusters, none at first, on one etcd. */
export function runClusters(options: ClustersOptions): Clusters {
  const { store, cloud, etcd, report, behaviour } = options;
  const { durations, faults } = behaviour;
  const entries = new Map<string, Entry>();
  let stopped = false;

  const save = (entry: Entry, change: Partial<ClusterRecord>): void => {
    entry.record = { ...entry.record, ...change };
    store.save(entry.record);
  };
  const fail = async (entry: Entry, error: unknown): Promise<void> => {
    if (stopped || entry.ending.signal.aborted) return;
    const issue =
      error instanceof CreationFailed ? error.issue : { code: "InternalFailure", message: messageOf(error) };
    report(`cluster ${entry.record.name} failed: ${issue.message}`);
    save(entry, { status: "FAILED", issues: [issue] });
    await release(entry).catch((problem: unknown) => report(messageOf(problem)));
  };

  const build = async (entry: Entry): Promise<void> => {
    const { signal } = entry.ending;
    try {
      const issue = entry.record.status === "CREATING" ? effectOnCreation(faults, subjectOf(entry.record)) : undefined;
      if (issue !== undefined) {
        await sleep(durations.createCluster, undefined, { signal });
        throw new CreationFailed(issue);
      }
      await Promise.all([boot(options, entry, save, fail), sleep(durations.createCluster, undefined, { signal })]);
      signal.throwIfAborted();
      save(entry, { status: "ACTIVE" });
    } catch (error) {
      await fail(entry, error);
    }
  };

  const tearDown = async (entry: Entry): Promise<void> => {
    const { name } = entry.record;
    await Promise.all([release(entry), sleep(durations.deleteCluster)]);
    await deletePrefix(etcd.url, etcdPrefix(name));
    await removeInterfaces(cloud, name);
    if (isAutoMode(entry.record)) await removeLoadBalancers(cloud, name);
    store.remove(name);
    entries.delete(name);
  };
  const tearDownUntilGone = async (entry: Entry): Promise<void> => {
    while (!stopped) {
      try {
        return await tearDown(entry);
      } catch (error) {
        report(`cluster ${entry.record.name} is not gone yet: ${messageOf(error)}`);
        await sleep(retryMs);
      }
    }
  };

  return {
    get: (name) => {
      const entry = entries.get(name);
      return entry && viewOf(entry);
    },
    all: () => [...entries.values()].map(viewOf),
    create: (record) => {
      const entry: Entry = {
        record,
        address: undefined,
        controlPlane: undefined,
        controller: undefined,
        ending: new AbortController(),
        work: Promise.resolve(),
      };
      entries.set(record.name, entry);
      store.save(record);
      if (record.status === "CREATING" || record.status === "ACTIVE") entry.work = build(entry);
    },
    change: (name, update) => {
      const entry = entries.get(name);
      if (entry === undefined) return;
      save(entry, update(entry.record));
      entry.controller?.wake();
    },
    remove: (name) => {
      const entry = entries.get(name);
      if (entry === undefined || entry.ending.signal.aborted) return;
      save(entry, { status: "DELETING" });
      entry.ending.abort(new Error("deleted"));
      entry.work = entry.work.then(() => tearDownUntilGone(entry));
    },
    settled: async () => {
      await Promise.all([...entries.values()].map(({ work }) => work));
    },
    stop: async () => {
      stopped = true;
      await Promise.all(
        [...entries.values()].map(async (entry) => {
          entry.ending.abort(new Error("stopped"));
          await entry.work;
          await release(entry);
        }),
      );
    },
  };
}

function viewOf({ record, address, controlPlane }: Entry): ClusterView {
  return { record, address, pids: controlPlane?.pids ?? [] };
}

/** Starts the control plane and what AWS does beside it. Returns when callers can use the cluster. */
async function boot(
  { binary, etcd, store, cloud, tokenWebhookUrl, behaviour, report }: ClustersOptions,
  entry: Entry,
  save: (entry: Entry, change: Partial<ClusterRecord>) => void,
  fail: (entry: Entry, error: unknown) => Promise<void>,
): Promise<void> {
  const { name, subnetIds, port } = entry.record;
  const { signal } = entry.ending;
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
  entry.controlPlane = controlPlane;
  const [subnets] = await Promise.all([findSubnets(cloud, subnetIds), controlPlane.waitReady()]);
  await writeFoundation(kubernetesOf(controlPlane.admin));
  signal.throwIfAborted();
  void controlPlane.exited.then((exit) => {
    entry.work = entry.work.then(() => fail(entry, new Error(`${exit.component} ended: ${exit.lastWords}`)));
  });
  entry.controller = await startCloudController({
    controlPlane,
    cloud,
    cluster: { name, subnets, autoMode: isAutoMode(entry.record) },
    groups: () => livingParts(entry.record, "nodegroup", behaviour.durations, Date.now()),
    onError: (error) => report(`cluster ${name}: ${messageOf(error)}`),
  });
  entry.address = { endpoint: controlPlane.endpoint, caData: controlPlane.caData };
  save(entry, { port: Number(new URL(controlPlane.endpoint).port) });
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

/** What every EKS cluster has from the beginning. */
async function writeFoundation({ rbac, storage }: Kubernetes): Promise<void> {
  await Promise.all([
    ...policyBindings.map((body) => unless(409, rbac.createClusterRoleBinding({ body }))),
    ...driverObjects.map((body) => unless(409, storage.createCSIDriver({ body }))),
  ]);
}

/** Ends a cluster's processes. */
async function release(entry: Entry): Promise<void> {
  const { controller, controlPlane } = entry;
  entry.address = undefined;
  await controller?.stop();
  entry.controller = undefined;
  await controlPlane?.stop();
  entry.controlPlane = undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
