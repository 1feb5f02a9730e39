import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeleteClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { clientConfig } from "../aws.ts";
import type { Binary } from "../controlplane/binary.ts";
import { startEtcd } from "../controlplane/etcd.ts";
import { listenOnLoopback } from "../listener.ts";
import { groupsFor } from "./access.ts";
import { callerOf } from "./caller.ts";
import { connectCloud } from "./cloud/cloud.ts";
import { type ClusterRecord, subjectOf } from "./cluster-record.ts";
import { type Clusters, type ClusterView, runClusters } from "./clusters.ts";
import { emulatorClient } from "./emulator.ts";
import { effectOnAccess } from "./faults/on-clusters.ts";
import { faultRegister } from "./faults/register.ts";
import { forgetCluster } from "./forget.ts";
import { createFront } from "./front.ts";
import { type Durations, defaultDurations } from "./settings.ts";
import { recordStore } from "./store.ts";

export interface EksOptions {
  /** MiniStack's address, https. */
  readonly awsEndpoint: string;
  /** PEM file to trust for it. */
  readonly ca: string;
  readonly region: string;
  /** Where to listen; 0 takes a free port. */
  readonly port: number;
  /** State and logs. Found again by a later start, which takes up what an earlier one left. */
  readonly dir: string;
  readonly binary: Binary;
  /** The laptop's operator, whom no policy limits. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly durations?: Partial<Durations>;
  /** How progress and trouble are told: one short sentence. */
  readonly report: (message: string) => void;
  /** Ends a start in progress. */
  readonly signal?: AbortSignal;
}

/** An EKS whose clusters are real control planes on this machine. */
export interface Eks {
  /** What `AWS_ENDPOINT_URL_EKS` has to be. */
  readonly url: string;
  /** Those that are not gone. */
  clusters(): readonly ClusterView[];
  /** Settles only when a part without which no cluster works has ended by itself; says which. */
  readonly broken: Promise<string>;
  /** Ends every process; repeatable. */
  stop(): Promise<void>;
}

/**
 * Starts EKS in front of MiniStack's. Every call goes on to MiniStack first, which authorizes it; the answer is that of
 * a cluster with a real control plane.
 *
 * @throws Error when etcd does not start or the port is taken; nothing is left running then.
 */
export async function startEks(options: EksOptions): Promise<Eks> {
  const { awsEndpoint, ca, region, credentials, dir, binary, report, signal } = options;
  const aws = { endpoint: awsEndpoint, caFile: ca, region, credentials };
  const eks = new EKSClient(clientConfig(aws));
  const cloud = connectCloud(aws);
  const emulator = emulatorClient(awsEndpoint, readFileSync(ca));
  const store = recordStore(join(dir, "clusters"));
  const durations = { ...defaultDurations, ...options.durations };
  const faults = faultRegister();
  const stops: (() => Promise<void>)[] = [async () => emulator.close()];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= endAll(stops);
    return stopping;
  };
  try {
    report("starting etcd");
    const etcd = await startEtcd({ binary, dir: join(dir, "etcd"), ...(signal && { signal }) });
    stops.push(etcd.stop);
    // The API servers need the front's port before there are clusters for the front to answer for.
    const late: { clusters?: Clusters } = {};
    const front = createFront({
      context: {
        get clusters() {
          if (late.clusters === undefined) throw new Error("EKS is starting");
          return late.clusters;
        },
        cloud,
        eks,
        durations,
        faults,
        now: Date.now,
      },
      send: emulator.send,
      reviewer: {
        callerOf: (token, cluster) => callerOf(token, cluster, region, emulator.send),
        groupsFor: (cluster, arn) => {
          const record = late.clusters?.get(cluster)?.record;
          const lagMs = record === undefined ? 0 : effectOnAccess(faults, subjectOf(record));
          return groupsFor(eks, cluster, arn, new Date(Date.now() - lagMs));
        },
      },
    });
    const { port, stop: stopListening } = await listenOnLoopback(front, options.port);
    stops.push(stopListening);
    const url = `http://127.0.0.1:${port}`;
    const behaviour = { durations, faults };
    const clusters = runClusters({
      binary,
      etcd,
      store,
      cloud,
      tokenWebhookUrl: url,
      behaviour,
      report,
      forget: (record) => forgetCluster(eks, record),
    });
    stops.push(clusters.stop);
    await resume(eks, store.all(), clusters);
    late.clusters = clusters;
    await clusters.settled();
    const broken = etcd.exited.then(({ lastWords }) =>
      stopping === undefined ? `etcd has ended: ${lastWords}` : new Promise<never>(() => {}),
    );
    return { url, clusters: clusters.all, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Builds again what MiniStack still knows, and deletes the rest of what an earlier run has left. What MiniStack alone knows was
 * being created when that run died: its caller was never answered, and asks again.
 */
async function resume(eks: EKSClient, records: readonly ClusterRecord[], clusters: Clusters): Promise<void> {
  const { clusters: names = [] } = await eks.send(new ListClustersCommand({}));
  for (const record of records) {
    const goes = record.status === "DELETING" || !names.includes(record.name);
    clusters.create(goes ? { ...record, status: "DELETING" } : record);
    if (goes) clusters.remove(record.name);
  }
  for (const name of names.filter((it) => !records.some((record) => record.name === it))) {
    await eks.send(new DeleteClusterCommand({ name }));
  }
}

/** Ends every part, the last started first, even when one cannot end; throws what the first of those threw. */
async function endAll(stops: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of stops.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
