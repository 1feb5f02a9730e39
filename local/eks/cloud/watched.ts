import {
  type KubernetesListObject,
  type KubernetesObject,
  ListWatch,
  type V1Ingress,
  type V1IngressClass,
  type V1Node,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1Pod,
  type V1Service,
  Watch,
} from "@kubernetes/client-node";
import type { Kubernetes } from "./kubernetes.ts";

/** What the cloud controller reacts to, as last seen. */
export interface Watched {
  nodes(): readonly V1Node[];
  /** Those that no node runs yet. */
  pendingPods(): readonly V1Pod[];
  services(): readonly V1Service[];
  ingresses(): readonly V1Ingress[];
  ingressClasses(): readonly V1IngressClass[];
  claims(): readonly V1PersistentVolumeClaim[];
  volumes(): readonly V1PersistentVolume[];
  stop(): Promise<void>;
}

const retryMs = 1_000;
const pending = "status.phase=Pending";

/** Watches a cluster and calls `onChange` for every change. Resolves when everything has been seen once. */
export async function watchCluster({ config, core, networking }: Kubernetes, onChange: () => void): Promise<Watched> {
  const watch = new Watch(config);
  const stops: (() => Promise<void>)[] = [];
  const follow = async <T extends KubernetesObject>(
    path: string,
    list: () => Promise<KubernetesListObject<T>>,
    fieldSelector?: string,
  ): Promise<() => readonly T[]> => {
    const cache = new ListWatch<T>(path, watch, list, false, undefined, fieldSelector);
    let retry: NodeJS.Timeout | undefined;
    let stopped = false;
    cache.on("change", onChange);
    cache.on("error", () => {
      if (!stopped) retry = setTimeout(() => void cache.start(), retryMs);
    });
    stops.push(async () => {
      stopped = true;
      clearTimeout(retry);
      await cache.stop();
    });
    await cache.start();
    return () => cache.list();
  };
  const [nodes, pendingPods, services, ingresses, ingressClasses, claims, volumes] = await Promise.all([
    follow<V1Node>("/api/v1/nodes", () => core.listNode()),
    follow<V1Pod>("/api/v1/pods", () => core.listPodForAllNamespaces({ fieldSelector: pending }), pending),
    follow<V1Service>("/api/v1/services", () => core.listServiceForAllNamespaces()),
    follow<V1Ingress>("/apis/networking.k8s.io/v1/ingresses", () => networking.listIngressForAllNamespaces()),
    follow<V1IngressClass>("/apis/networking.k8s.io/v1/ingressclasses", () => networking.listIngressClass()),
    follow<V1PersistentVolumeClaim>("/api/v1/persistentvolumeclaims", () =>
      core.listPersistentVolumeClaimForAllNamespaces(),
    ),
    follow<V1PersistentVolume>("/api/v1/persistentvolumes", () => core.listPersistentVolume()),
  ]);
  return {
    nodes,
    pendingPods,
    services,
    ingresses,
    ingressClasses,
    claims,
    volumes,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}
