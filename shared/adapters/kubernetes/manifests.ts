import type {
  KubernetesObject,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Namespace,
  V1NetworkPolicy,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
  V1StorageClass,
} from "@kubernetes/client-node";
import { credentialIssuersGroup, managedBy, ownerAccount, systemNamespace } from "./names.ts";

const rbac = "rbac.authorization.k8s.io";
const labels = managedBy;

const namespace: V1Namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: systemNamespace, labels } };

const owner: V1ServiceAccount = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: ownerAccount, namespace: systemNamespace, labels },
  automountServiceAccountToken: false,
};

const ownerIsAdministrator: V1ClusterRoleBinding = {
  apiVersion: `${rbac}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name: "sandlot-owner", labels },
  roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", name: ownerAccount, namespace: systemNamespace }],
};

/** All that the access function may do: tokens for the owner, bound to Secrets that it makes. RBAC cannot limit `create` to names. */
const mayIssue: V1Role = {
  apiVersion: `${rbac}/v1`,
  kind: "Role",
  metadata: { name: "credential-issuer", namespace: systemNamespace, labels },
  rules: [
    { apiGroups: [""], resources: ["serviceaccounts/token"], resourceNames: [ownerAccount], verbs: ["create"] },
    { apiGroups: [""], resources: ["secrets"], verbs: ["create", "get"] },
  ],
};

/** Taken away again before the credentials are revoked, so that none is issued behind the revocation's back. */
export const issuersBinding = "credential-issuers";
const issuersMayIssue: V1RoleBinding = {
  apiVersion: `${rbac}/v1`,
  kind: "RoleBinding",
  metadata: { name: issuersBinding, namespace: systemNamespace, labels },
  roleRef: { apiGroup: rbac, kind: "Role", name: "credential-issuer" },
  subjects: [{ apiGroup: rbac, kind: "Group", name: credentialIssuersGroup }],
};

/** EKS Auto Mode enforces NetworkPolicies only once this says so (EKS user guide, "Use network policies with Auto Mode"). */
const enforceNetworkPolicies: V1ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "amazon-vpc-cni", namespace: "kube-system" },
  data: { "enable-network-policy-controller": "true" },
};

/**
 * Keeps pods from the node's own credentials. It covers the namespace that a user starts in; in their own namespaces, and for
 * bare pods, which the VPC CNI's policies skip, the second lock holds: Auto Mode's nodes answer metadata requests one hop
 * away only, so never a pod's. `sandlot-system` needs none: no pod runs there.
 */
const noInstanceMetadata: V1NetworkPolicy = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "no-instance-metadata", namespace: "default", labels },
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

/** What every cluster gets, in an order that can be applied from top to bottom. */
export const foundation: readonly KubernetesObject[] = [
  namespace,
  owner,
  ownerIsAdministrator,
  mayIssue,
  issuersMayIssue,
  enforceNetworkPolicies,
  noInstanceMetadata,
];

export const isDefaultClass = "storageclass.kubernetes.io/is-default-class";

/** EKS Auto Mode brings a provisioner for volumes, but no class that uses it. Its volumes carry the cluster's name as a tag. */
export const defaultStorageClass: V1StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "gp3", labels, annotations: { [isDefaultClass]: "true" } },
  provisioner: "ebs.csi.eks.amazonaws.com",
  volumeBindingMode: "WaitForFirstConsumer",
  reclaimPolicy: "Delete",
  allowVolumeExpansion: true,
  parameters: { type: "gp3", encrypted: "true" },
};
