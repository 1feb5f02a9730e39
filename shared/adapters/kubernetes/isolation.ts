import type {
  KubernetesObject,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1ResourceQuota,
} from "@kubernetes/client-node";
import { type ClusterClass, isolationOf } from "../../domain/cluster-class.ts";
import { managedBy as labels } from "./names.ts";

/** The namespace that a user starts in. */
const namespace = "default";

/**
 * Keeps pods from the node's own credentials. It covers the namespace that a user starts in; in their own namespaces, and for
 * bare pods, which the VPC CNI's policies skip, the second lock holds: nodes answer metadata requests one hop
 * away only, so never a pod's. `sandlot-system` needs none: no pod runs there.
 */
const noInstanceMetadata: V1NetworkPolicy = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "no-instance-metadata", namespace, labels },
  spec: {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [
      {
        to: [
          { namespaceSelector: {} },
          { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } },
          { ipBlock: { cidr: "::/0", except: ["fd00:ec2::254/128"] } },
        ],
      },
    ],
  },
};

const fromThisNamespaceOnly: V1NetworkPolicy = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "from-this-namespace-only", namespace, labels },
  spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ _from: [{ podSelector: {} }] }] },
};

/** What the class's isolation puts into the namespace that a user starts in. */
export function isolationObjects(clusterClass: ClusterClass): readonly KubernetesObject[] {
  const { podSecurity, quota: hard, requests: defaultRequest, ingressFrom } = isolationOf(clusterClass);
  const levels = { "pod-security.kubernetes.io/enforce": podSecurity, "pod-security.kubernetes.io/warn": podSecurity };
  const secured: V1Namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: levels } };
  const metadata = { name: "sandlot", namespace, labels };
  const quota: V1ResourceQuota = { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { ...hard } } };
  const limits: V1LimitRange = {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata,
    spec: { limits: [{ type: "Container", defaultRequest: { ...defaultRequest } }] },
  };
  return [
    ...(podSecurity === "privileged" ? [] : [secured]),
    ...(Object.keys(hard).length > 0 ? [quota] : []),
    ...(Object.keys(defaultRequest).length > 0 ? [limits] : []),
    noInstanceMetadata,
    ...(ingressFrom === "namespace" ? [fromThisNamespaceOnly] : []),
  ];
}
