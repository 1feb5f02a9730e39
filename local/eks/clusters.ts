import { setTimeout as sleep } from "node:timers/promises";
import { deletePrefix } from "../controlplane/etcd.ts";
import { etcdPrefix } from "../controlplane/flags.ts";
import { removeInterfaces } from "./cloud/interfaces.ts";
import { removeLoadBalancers } from "./cloud/load-balancers.ts";
import {
  type Address,
  type ClusterRecord,
  type HealthIssue,
  isAutoMode,
  subjectOf,
  withPart,
} from "./cluster-record.ts";
import { effectsOnCloud } from "./faults/on-cloud.ts";
import {
  effectOnApiServer,
  effectOnCreation,
  effectOnDeletion,
  effectOnEnd,
  effectOnExistence,
} from "./faults/on-clusters.ts";
import { end, follow, messageOf, type RunningCluster, type RunOptions, start } from "./running-cluster.ts";

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

export interface ClustersOptions extends RunOptions {
  /** Has the emulator forget a cluster that nobody has deleted there; repeatable. */
  readonly forget: (record: ClusterRecord) => Promise<void>;
}

interface Entry extends RunningCluster {
  /** What is being done for it, one thing after another; never rejects. */
  work: Promise<void>;
}

const retryMs = 2_000;
const heldMs = 200;

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
  const { store, cloud, etcd, report, behaviour, forget } = options;
  const { durations, faults } = behaviour;
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();

  const save = (entry: Entry, change: Partial<ClusterRecord>): void => {
    if (entries.get(entry.record.name) !== entry) return;
    entry.record = { ...entry.record, ...change };
    store.save(entry.record);
  };
  const next = (entry: Entry, perform: () => Promise<void>): void => {
    entry.work = entry.work.then(perform).catch((error: unknown) => report(messageOf(error)));
  };
  const drop = (entry: Entry): void => {
    entries.delete(entry.record.name);
    effectOnEnd(faults, subjectOf(entry.record));
  };

  const fail = async (entry: Entry, error: unknown): Promise<void> => {
    if (stopping.signal.aborted || entry.ending.signal.aborted) return;
    const issue =
      error instanceof CreationFailed ? error.issue : { code: "InternalFailure", message: messageOf(error) };
    report(`cluster ${entry.record.name} failed: ${issue.message}`);
    save(entry, { status: "FAILED", issues: [issue] });
    await end(entry);
  };
  const boot = (entry: Entry): Promise<void> =>
    start(options, entry, {
      onStarted: (port) => save(entry, { port }),
      onPart: (part, change) => save(entry, withPart(entry.record, { ...part, ...change })),
      onBroken: (error) => next(entry, () => fail(entry, error)),
    });
  const build = async (entry: Entry): Promise<void> => {
    const { signal } = entry.ending;
    try {
      const issue = entry.record.status === "CREATING" ? effectOnCreation(faults, subjectOf(entry.record)) : undefined;
      if (issue !== undefined) {
        await sleep(durations.createCluster, undefined, { signal });
        throw new CreationFailed(issue);
      }
      await Promise.all([boot(entry), sleep(durations.createCluster, undefined, { signal })]);
      signal.throwIfAborted();
      save(entry, { status: "ACTIVE" });
    } catch (error) {
      await fail(entry, error);
    }
  };

  const vanish = async (entry: Entry): Promise<void> => {
    entry.ending.abort(new Error("vanished"));
    drop(entry);
    await forget(entry.record);
    await end(entry);
    store.remove(entry.record.name);
  };
  const followFaults = async (entry: Entry): Promise<void> => {
    if (entry.record.status !== "ACTIVE" || entry.ending.signal.aborted) return;
    const subject = subjectOf(entry.record);
    if (effectOnExistence(faults, subject)) return vanish(entry);
    await follow(entry, effectOnApiServer(faults, subject), () => boot(entry)).catch((error) => fail(entry, error));
    entry.controller?.wake();
  };
  faults.onChange(() => {
    for (const entry of entries.values()) next(entry, () => followFaults(entry));
  });

  const tearDown = async (entry: Entry, since: number): Promise<void> => {
    const { name } = entry.record;
    const { signal } = stopping;
    await Promise.all([end(entry), sleep(durations.deleteCluster)]);
    while (effectOnDeletion(faults, subjectOf(entry.record), Date.now() - since)) {
      await sleep(heldMs, undefined, { signal });
    }
    await deletePrefix(etcd.url, etcdPrefix(name));
    await removeInterfaces(
      cloud,
      name,
      effectsOnCloud(faults, () => subjectOf(entry.record)),
    );
    if (isAutoMode(entry.record)) await removeLoadBalancers(cloud, name);
    store.remove(name);
    drop(entry);
  };
  const tearDownUntilGone = async (entry: Entry): Promise<void> => {
    const since = Date.now();
    while (!stopping.signal.aborted) {
      try {
        return await tearDown(entry, since);
      } catch (error) {
        if (stopping.signal.aborted) return;
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
        isDown: false,
        pauses: undefined,
        ending: new AbortController(),
        work: Promise.resolve(),
      };
      entries.set(record.name, entry);
      store.save(record);
      if (record.status !== "CREATING" && record.status !== "ACTIVE") return;
      next(entry, () => build(entry));
      next(entry, () => followFaults(entry));
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
      next(entry, () => tearDownUntilGone(entry));
    },
    settled: async () => {
      await Promise.all([...entries.values()].map(({ work }) => work));
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await Promise.all(
        [...entries.values()].map(async (entry) => {
          entry.ending.abort(new Error("stopped"));
          await entry.work;
          await end(entry);
        }),
      );
    },
  };
}

function viewOf({ record, address, controlPlane }: Entry): ClusterView {
  return { record, address, pids: controlPlane?.pids ?? [] };
}
