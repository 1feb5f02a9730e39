import type { KubernetesObject, V1ConfigMap, V1IngressClass, V1StorageClass } from "@kubernetes/client-node";
import { type ClusterClass, hasFeature, managedComputeOf } from "../../domain/cluster-class.ts";
import { managedBy as labels } from "./names.ts";

/** EKS Auto Mode enforces NetworkPolicies only once this says so (EKS user guide, "Use network policies with Auto Mode"). */
const enforceNetworkPolicies: V1ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "amazon-vpc-cni", namespace: "kube-system" },
  data: { "enable-network-policy-controller": "true" },
};

const alb = "alb";
const autoModeGroup = "eks.amazonaws.com";

/** Auto Mode takes the scheme from here only, no annotation (EKS user guide, "Create an IngressClass to configure an ALB"). */
const reachedFromTheInternet: KubernetesObject & { readonly spec: object } = {
  apiVersion: `${autoModeGroup}/v1`,
  kind: "IngressClassParams",
  metadata: { name: alb, labels },
  spec: { scheme: "internet-facing" },
};

const defaultIngressClass: V1IngressClass = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: alb, labels, annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
  spec: {
    controller: `${autoModeGroup}/alb`,
    parameters: { apiGroup: autoModeGroup, kind: "IngressClassParams", name: alb },
  },
};

export const isDefaultClass = "storageclass.kubernetes.io/is-default-class";

/** EKS brings a provisioner for volumes, or has it as an add-on, but no class that uses it. Its volumes name the cluster in a tag. */
function defaultStorageClass(provisioner: string): V1StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "gp3", labels, annotations: { [isDefaultClass]: "true" } },
    provisioner,
    volumeBindingMode: "WaitForFirstConsumer",
    reclaimPolicy: "Delete",
    allowVolumeExpansion: true,
    parameters: { type: "gp3", encrypted: "true" },
  };
}

/** The class for volumes that nobody says anything about; `undefined` without the feature. */
export function storageClassOf(clusterClass: ClusterClass): V1StorageClass | undefined {
  if (!hasFeature(clusterClass, "storage")) return undefined;
  return defaultStorageClass(managedComputeOf(clusterClass) ? "ebs.csi.aws.com" : "ebs.csi.eks.amazonaws.com");
}

/** The objects behind the class's other features. With managed nodes, the add-on that enforces NetworkPolicies is told so itself. */
export function featureObjects(clusterClass: ClusterClass): readonly KubernetesObject[] {
  if (managedComputeOf(clusterClass)) return [];
  return [
    ...(hasFeature(clusterClass, "networkPolicy") ? [enforceNetworkPolicies] : []),
    ...(hasFeature(clusterClass, "ingress") ? [reachedFromTheInternet, defaultIngressClass] : []),
  ];
}
