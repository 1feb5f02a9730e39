import type { V1Ingress, V1IngressClass } from "@kubernetes/client-node";
import type { CloudEffects } from "../faults/on-cloud.ts";
import { member } from "../json.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { ingressClassParams } from "./foundation.ts";
import { type Kubernetes, merging, unless } from "./kubernetes.ts";
import { balancerName, ensureBalancer, removeBalancer } from "./load-balancers.ts";
import { ownedTags } from "./tags.ts";

/** Keeps an Ingress until its load balancer is gone. */
const finalizer = "ingress.k8s.aws/resources";
const controller = "eks.amazonaws.com/alb";

/** Gives an Ingress of Auto Mode's class its application load balancer, and takes it away when the Ingress goes or changes. */
export async function reconcileIngress(
  kubernetes: Kubernetes,
  cloud: Cloud,
  cluster: ClusterInCloud,
  ingress: V1Ingress,
  classes: readonly V1IngressClass[],
  effects: CloudEffects,
): Promise<void> {
  const { name = "", namespace = "", deletionTimestamp, finalizers = [] } = ingress.metadata ?? {};
  const itsClass = classes.find((it) => it.metadata?.name === classNameOf(ingress));
  const wanted = deletionTimestamp === undefined && cluster.autoMode && itsClass?.spec?.controller === controller;
  const held = finalizers.includes(finalizer);
  const balancer = balancerName(cluster.name, ingress);
  if (!wanted) {
    if (!held || effects.keepsLoadBalancers()) return;
    await removeBalancer(cloud, balancer);
    if (deletionTimestamp === undefined) await setHostname(kubernetes, name, namespace, undefined);
    const remaining = finalizers.filter((it) => it !== finalizer);
    await patchFinalizers(kubernetes, name, namespace, remaining);
    return;
  }
  if (!held) await patchFinalizers(kubernetes, name, namespace, [...finalizers, finalizer]);
  if (held && ingress.status?.loadBalancer?.ingress?.[0]?.hostname !== undefined) return;
  const hostname = await ensureBalancer(cloud, cluster, {
    name: balancer,
    type: "application",
    isInternetFacing: (await schemeOf(kubernetes, ingress, itsClass)) === "internet-facing",
    tags: ownedTags(cluster.name, {
      "elbv2.k8s.aws/cluster": cluster.name,
      "ingress.k8s.aws/stack": `${namespace}/${name}`,
      "ingress.k8s.aws/resource": "LoadBalancer",
    }),
  });
  await setHostname(kubernetes, name, namespace, hostname);
}

function classNameOf({ metadata, spec }: V1Ingress): string | undefined {
  return spec?.ingressClassName ?? metadata?.annotations?.["kubernetes.io/ingress.class"];
}

/** The class's parameters come first, as they do on EKS. */
async function schemeOf(
  { custom }: Kubernetes,
  { metadata }: V1Ingress,
  itsClass: V1IngressClass | undefined,
): Promise<unknown> {
  const { kind, name } = itsClass?.spec?.parameters ?? {};
  const { group, version, plural } = ingressClassParams;
  const parameters =
    kind === ingressClassParams.kind && name !== undefined
      ? await unless(404, custom.getClusterCustomObject({ group, version, plural, name }))
      : undefined;
  return member(member(parameters, "spec"), "scheme") ?? metadata?.annotations?.["alb.ingress.kubernetes.io/scheme"];
}

async function patchFinalizers(
  { networking }: Kubernetes,
  name: string,
  namespace: string,
  finalizers: readonly string[],
): Promise<void> {
  const body = { metadata: { finalizers } };
  await unless(404, networking.patchNamespacedIngress({ name, namespace, body }, merging));
}

async function setHostname(
  { networking }: Kubernetes,
  name: string,
  namespace: string,
  hostname: string | undefined,
): Promise<void> {
  const body = { status: { loadBalancer: { ingress: hostname === undefined ? null : [{ hostname }] } } };
  await unless(404, networking.patchNamespacedIngressStatus({ name, namespace, body }, merging));
}
