import { randomBytes } from "node:crypto";
import type { V1Node } from "@kubernetes/client-node";
import type { ControlPlane } from "../../controlplane/control-plane.ts";
import { addNode, removeNode } from "../../controlplane/nodes.ts";
import type { PartRecord } from "../cluster-record.ts";
import type { CloudEffects } from "../faults/on-cloud.ts";
import type { PartStatus } from "../part-status.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { reconcileIngress } from "./ingresses.ts";
import { reconcileInterfaces } from "./interfaces.ts";
import { type Kubernetes, kubernetesOf } from "./kubernetes.ts";
import { hasJoined, hasNodes, type NodeToAdd, planNodes } from "./nodes.ts";
import { reconcileService } from "./services.ts";
import { isKeptNotReady, letGetReady, notReadyLabel, tellNotReady } from "./unready-nodes.ts";
import { driversOf, reconcileClaim, reconcileVolume } from "./volumes.ts";
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
  /** The cluster's add-ons that have not gone. */
  readonly addons: () => readonly PartRecord[];
  readonly statusOf: (part: PartRecord) => PartStatus;
  readonly effects: CloudEffects;
  /** Told of what a part's nodes have come to. */
  readonly onPart: (part: PartRecord, change: Partial<PartRecord>) => void;
  /** Called for what went wrong; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Changes come in bursts; one look serves them all. */
const settleMs = 100;
const retryMs = 2_000;
/** An add-on gets ACTIVE by the clock alone. */
const addonMs = 500;
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
  { controlPlane, cloud, cluster, groups, addons, statusOf, effects, onPart }: CloudControllerOptions,
  kubernetes: Kubernetes,
  watched: Watched,
  lookIn: (ms: number) => void,
): () => (() => Promise<void>)[] {
  let nodesAddedAt = 0;
  let withInterfaces = "";

  const nodes = async (): Promise<void> => {
    const plan = planNodes(cluster, watched.nodes(), watched.pendingPods(), groups(), () =>
      randomBytes(8).toString("hex"),
    );
    for (const name of plan.remove) await removeNode({ controlPlane, name });
    if (plan.add.length === 0) return;
    const rest = nodesAddedAt + betweenNodesMs - Date.now();
    if (rest <= 0) {
      for (const node of plan.add) await add(node);
      nodesAddedAt = Date.now();
    }
    lookIn(rest > 0 ? rest : betweenNodesMs);
  };
  const add = async (node: NodeToAdd): Promise<void> => {
    const unready = effects.keepsNodesNotReady();
    const labels = { ...node.labels, ...(unready && { [notReadyLabel]: "" }) };
    await addNode({ controlPlane, ...node, labels });
    if (unready) await tellNotReady(kubernetes, node.name);
  };
  const readiness = async (): Promise<void> => {
    const kept = watched.nodes().filter(isKeptNotReady);
    if (kept.length === 0 || effects.keepsNodesNotReady()) return;
    for (const node of kept) await letGetReady(kubernetes, node);
  };
  const members = async (): Promise<void> => {
    const seen = watched.nodes();
    if (namesOf(seen) !== withInterfaces) return;
    for (const part of [...groups(), ...addons()]) {
      if (part.joinedAt !== undefined || !hasJoined(part, seen)) continue;
      onPart(part, { joinedAt: Date.now() });
      // An add-on that has its node may now serve what waits for it.
      lookIn(settleMs);
    }
    for (const group of groups()) {
      const isEmptied = group.deletedAt !== undefined && group.emptiedAt === undefined && !hasNodes(group, seen);
      if (isEmptied) onPart(group, { emptiedAt: Date.now() });
    }
  };
  const drivers = (): readonly string[] => {
    const all = addons();
    if (all.some((it) => statusOf(it) === "CREATING")) lookIn(addonMs);
    return driversOf(
      cluster,
      all.flatMap((it) => (statusOf(it) === "ACTIVE" ? [it.name] : [])),
    );
  };
  const interfaces = async (): Promise<void> => {
    const seen = watched.nodes();
    const names = namesOf(seen);
    if (names === withInterfaces) return;
    await reconcileInterfaces(cloud, cluster, seen, effects);
    withInterfaces = names;
  };
  return () => {
    const served = drivers();
    return [
      nodes,
      readiness,
      interfaces,
      members,
      ...watched.services().map((it) => () => reconcileService(kubernetes, cloud, cluster, it, effects)),
      ...watched
        .ingresses()
        .map((it) => () => reconcileIngress(kubernetes, cloud, cluster, it, watched.ingressClasses(), effects)),
      ...watched.claims().map((it) => () => reconcileClaim(kubernetes, cloud, cluster, it, watched.volumes(), served)),
      ...watched.volumes().map((it) => () => reconcileVolume(kubernetes, cloud, it, served)),
    ];
  };
}

function namesOf(nodes: readonly V1Node[]): string {
  return nodes
    .map((node) => node.metadata?.name)
    .sort()
    .join();
}
