import type { V1Service } from "@kubernetes/client-node";
import type { CloudEffects } from "../faults/on-cloud.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { type Kubernetes, merging, unless } from "./kubernetes.ts";
import { balancerName, ensureBalancer, removeBalancer } from "./load-balancers.ts";
import { clusterOwnedTags, ownedTags } from "./tags.ts";

interface Controller {
  /** Keeps a Service until its load balancer is gone. */
  readonly finalizer: string;
  /** The classes that it serves. */
  readonly classes: readonly (string | undefined)[];
  /** What it marks a Service's load balancer with. */
  tags(cluster: string, service: string): { Key: string; Value: string }[];
}

const autoMode: Controller = {
  finalizer: "service.k8s.aws/resources",
  classes: [undefined, "eks.amazonaws.com/nlb", "service.k8s.aws/nlb"],
  tags: (cluster, service) =>
    ownedTags(cluster, {
      "elbv2.k8s.aws/cluster": cluster,
      "service.k8s.aws/stack": service,
      "service.k8s.aws/resource": "LoadBalancer",
    }),
};

/** The cloud provider in EKS's control planes. Where it makes a Classic Load Balancer, a network one stands for that here. */
const legacy: Controller = {
  finalizer: "service.kubernetes.io/load-balancer-cleanup",
  classes: [undefined],
  tags: (cluster, service) => clusterOwnedTags(cluster, { "kubernetes.io/service-name": service }),
};

/** Gives a Service of type LoadBalancer its load balancer, and takes it away when the Service goes or changes. */
export async function reconcileService(
  kubernetes: Kubernetes,
  cloud: Cloud,
  cluster: ClusterInCloud,
  service: V1Service,
  effects: CloudEffects,
): Promise<void> {
  const { finalizer, classes, tags } = cluster.autoMode ? autoMode : legacy;
  const { name = "", namespace = "", annotations = {}, deletionTimestamp, finalizers = [] } = service.metadata ?? {};
  const wanted =
    deletionTimestamp === undefined &&
    service.spec?.type === "LoadBalancer" &&
    classes.includes(service.spec.loadBalancerClass);
  const held = finalizers.includes(finalizer);
  const balancer = balancerName(cluster.name, service);
  if (!wanted) {
    if (!held || effects.keepsLoadBalancers()) return;
    await removeBalancer(cloud, balancer);
    const remaining = finalizers.filter((it) => it !== finalizer);
    if (deletionTimestamp === undefined) await setHostname(kubernetes, service, undefined);
    await patchFinalizers(kubernetes, name, namespace, remaining);
    return;
  }
  if (!held) await patchFinalizers(kubernetes, name, namespace, [...finalizers, finalizer]);
  if (held && service.status?.loadBalancer?.ingress?.[0]?.hostname !== undefined) return;
  const hostname = await ensureBalancer(cloud, cluster, {
    name: balancer,
    type: "network",
    isInternetFacing: annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] === "internet-facing",
    tags: tags(cluster.name, `${namespace}/${name}`),
  });
  await setHostname(kubernetes, service, hostname);
}

async function patchFinalizers(
  { core }: Kubernetes,
  name: string,
  namespace: string,
  finalizers: readonly string[],
): Promise<void> {
  await unless(404, core.patchNamespacedService({ name, namespace, body: { metadata: { finalizers } } }, merging));
}

async function setHostname({ core }: Kubernetes, { metadata }: V1Service, hostname: string | undefined): Promise<void> {
  const { name = "", namespace = "" } = metadata ?? {};
  const loadBalancer = { ingress: hostname === undefined ? null : [{ hostname }] };
  await unless(
    404,
    core.patchNamespacedServiceStatus({ name, namespace, body: { status: { loadBalancer } } }, merging),
  );
}
