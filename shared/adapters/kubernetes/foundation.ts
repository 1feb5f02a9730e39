import type {
  KubernetesObject,
  V1ClusterRoleBinding,
  V1Namespace,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
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

/** What every cluster gets whatever its class, in an order that can be applied from top to bottom. */
export const foundation: readonly KubernetesObject[] = [
  namespace,
  owner,
  ownerIsAdministrator,
  mayIssue,
  issuersMayIssue,
];
