import {
  DescribeAccessEntryCommand,
  type EKSClient,
  ListAccessEntriesCommand,
  ListAssociatedAccessPoliciesCommand,
} from "@aws-sdk/client-eks";
import type { V1ClusterRoleBinding } from "@kubernetes/client-node";
import { principalOf, withoutPath } from "./caller.ts";

/** The cluster roles that come nearest to EKS's access policies, where these hold for a whole cluster. */
const rolesByPolicy = {
  AmazonEKSClusterAdminPolicy: "cluster-admin",
  AmazonEKSAdminPolicy: "admin",
  AmazonEKSEditPolicy: "edit",
  AmazonEKSViewPolicy: "view",
} as const;

/** Prefixes that EKS allows no access entry to name groups by. */
const reservedGroups = ["system:", "eks:", "aws:", "amazon:", "iam:"];

/** The bindings that give access policies their meaning, as EKS's own authorizer does; written into every new cluster. */
export const policyBindings: readonly V1ClusterRoleBinding[] = Object.values(rolesByPolicy).map((role) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: groupOf(role) },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: groupOf(role) }],
}));

function groupOf(role: string): string {
  return `eks:access-policy:${role}`;
}

/**
 * The Kubernetes groups that a cluster's access entries give a caller; undefined without an entry. Entries and policies
 * younger than `until` don't count yet. A policy limited to namespaces gives nothing here.
 */
export async function groupsFor(
  eks: EKSClient,
  cluster: string,
  callerArn: string,
  until: Date,
): Promise<string[] | undefined> {
  const principal = principalOf(callerArn);
  const { accessEntries = [] } = await eks.send(new ListAccessEntriesCommand({ clusterName: cluster }));
  const principalArn = accessEntries.find((arn) => arn === principal || withoutPath(arn) === principal);
  if (principalArn === undefined) return undefined;
  const which = { clusterName: cluster, principalArn };
  const [{ accessEntry }, { associatedAccessPolicies = [] }] = await Promise.all([
    eks.send(new DescribeAccessEntryCommand(which)),
    eks.send(new ListAssociatedAccessPoliciesCommand(which)),
  ]);
  if (accessEntry?.createdAt !== undefined && accessEntry.createdAt > until) return undefined;
  const own = (accessEntry?.kubernetesGroups ?? []).filter(
    (it) => !reservedGroups.some((start) => it.startsWith(start)),
  );
  const byPolicy = associatedAccessPolicies
    .filter((it) => it.accessScope?.type === "cluster")
    .filter((it) => it.associatedAt === undefined || it.associatedAt <= until)
    .flatMap((it) => {
      const name = it.policyArn?.split("/").at(-1) ?? "";
      return Object.hasOwn(rolesByPolicy, name) ? [groupOf(rolesByPolicy[name as keyof typeof rolesByPolicy])] : [];
    });
  return [...new Set([...own, ...byPolicy])];
}
