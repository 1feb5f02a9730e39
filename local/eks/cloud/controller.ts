import { randomBytes } from "node:crypto";
import type { ControlPlane } from "../../controlplane/control-plane.ts";
import { addNode, removeNode } from "../../controlplane/nodes.ts";
import type { PartRecord } from "../cluster-record.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { reconcileInterfaces } from "./interfaces.ts";
import { type Kubernetes, kubernetesOf } from "./kubernetes.ts";
import { reconcileService } from "./load-balancers.ts";
import { planNodes } from "./nodes.ts";
import { reconcileClaim, reconcileVolume } from "./volumes.ts";
import { type Watched, watchCluster } from "./watched.ts";

/** What AWS does for a cluster from outside: nodes, network interfaces, load balancers, volumes. */
export interface CloudController {
  /** Has it look again, after a change that Kubernetes does not show. */
  wake(): void;
  /** Ends it and waits for what it is doing. What it has made stays. */
  stop(): Promise<void>;
}

export interface CloudControllerOptions {
  readonly controlPlane: ControlPlane;
  readonly cloud: Cloud;
  readonly cluster: ClusterInCloud;
  /** The cluster's node groups that have not gone. */
  readonly groups: () => readonly PartRecord[];
  /** Called for what went wrong; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Changes come in bursts; one look serves them all. */
const settleMs = 100;
const retryMs = 2_000;
/** What a new node changes has to reach the scheduler before its complaints mean anything. */
const betweenNodesMs = 2_000;

/** Starts it; resolves when it has seen the whole cluster once. */
export async function startCloudController(options: CloudControllerOptions): Promise<CloudController> {
  const kubernetes = kubernetesOf(options.controlPlane.admin);
  let dueAt = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<void> | undefined;
  let stopped = false;
  let steps: () => Iterable<() => Promise<void>> = () => [];

  const lookIn = (ms: number): void => {
    const at = Date.now() + ms;
    if (stopped || at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  };
  const pass = async (): Promise<void> => {
    for (const step of steps()) {
      if (stopped) return;
      try {
        await step();
      } catch (error) {
        if (stopped) return;
        options.onError(error);
        lookIn(retryMs);
      }
    }
  };
  const look = (): void => {
    dueAt = Number.POSITIVE_INFINITY;
    if (busy !== undefined) {
      lookIn(settleMs);
      return;
    }
    busy = pass().finally(() => {
      busy = undefined;
    });
  };
  const watched = await watchCluster(kubernetes, () => lookIn(settleMs));
  steps = passOver(options, kubernetes, watched, lookIn);
  lookIn(0);
  return {
    wake: () => lookIn(settleMs),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await watched.stop();
      await busy;
    },
  };
}

/** The steps of one look; each failing by itself, so that one Service's trouble does not keep nodes away. */
function passOver(
  { controlPlane, cloud, cluster, groups }: CloudControllerOptions,
  kubernetes: Kubernetes,
  watched: Watched,
  lookIn: (ms: number) => void,
): () => (() => Promise<void>)[] {
  let nodesAddedAt = 0;
  let withInterfaces = "";

  const nodes = async (): Promise<void> => {
    const rest = nodesAddedAt + betweenNodesMs - Date.now();
    if (rest > 0) {
      lookIn(rest);
      return;
    }
    const plan = planNodes(cluster, watched.nodes(), watched.pendingPods(), groups(), () =>
      randomBytes(8).toString("hex"),
    );
    for (const node of plan.add) await addNode({ controlPlane, ...node });
    for (const name of plan.remove) await removeNode({ controlPlane, name });
    if (plan.add.length + plan.remove.length === 0) return;
    nodesAddedAt = Date.now();
    lookIn(betweenNodesMs);
  };
  const interfaces = async (): Promise<void> => {
    const seen = watched.nodes();
    const names = seen
      .map((node) => node.metadata?.name)
      .sort()
      .join();
    if (names === withInterfaces) return;
    await reconcileInterfaces(cloud, cluster, seen);
    withInterfaces = names;
  };
  return () => [
    nodes,
    interfaces,
    ...watched.services().map((it) => () => reconcileService(kubernetes, cloud, cluster, it)),
    ...watched.claims().map((it) => () => reconcileClaim(kubernetes, cloud, cluster, it, watched.volumes())),
    ...watched.volumes().map((it) => () => reconcileVolume(kubernetes, cloud, it)),
  ];
}
