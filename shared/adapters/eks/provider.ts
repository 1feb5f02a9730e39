import type { ClusterProvider } from "../../ports/cluster-provider.ts";
import { grantAccess } from "./access.ts";
import { awaitActive, create } from "./create.ts";
import type { EksDeployment } from "./deployment.ts";
import { attempting } from "./faults.ts";
import { inspect } from "./inspect.ts";
import { removeInterfaces } from "./interfaces.ts";
import { inventory } from "./inventory.ts";
import { provideNodes } from "./nodes.ts";
import { sweep } from "./sweep.ts";
import { removeCluster, removeCompute, verifyGone } from "./teardown.ts";

/**
 * Clusters from EKS, in Auto Mode or with a managed node group: one dedicated cluster each, named `<deploymentId>-<clusterId>`.
 *
 * What the role that runs it must be allowed (D = deployment id, N = `D-cls-*`):
 * - `eks:CreateCluster`, `eks:TagResource` on `arn:*:eks:*:*:cluster/N`; `eks:TagResource` also on `…:access-entry/N/*`
 * - `eks:DescribeCluster`, `eks:UpdateClusterConfig`, `eks:DeleteCluster`, `eks:ListNodegroups`, `eks:CreateAccessEntry` on
 *   `…:cluster/N`; `eks:DeleteNodegroup` on it and on `…:nodegroup/N/*`; `eks:AssociateAccessPolicy` on it and on
 *   `…:access-entry/N/*`
 * - `eks:DescribeClusterVersions` on `*`; `eks:CreateNodegroup`, `eks:CreateAddon`, `eks:CreatePodIdentityAssociation` on
 *   `…:cluster/N`; `eks:DescribeNodegroup`, `eks:DescribeAddon`, `eks:TagResource` on what they make
 * - `ec2:RunInstances` from the launch template of managed nodes; `iam:PassRole` and `iam:GetRole` on the roles of those nodes
 *   and of the storage driver
 * - `iam:PassRole` on the cluster role (`iam:PassedToService: eks.amazonaws.com`) and on the node role (the same, and
 *   `ec2.amazonaws.com`); `iam:GetRole` on both
 * - `ec2:DescribeNetworkInterfaces`, `ec2:DescribeSecurityGroups`, `ec2:DescribeVolumes`,
 *   `elasticloadbalancing:DescribeLoadBalancers`, `…:DescribeTargetGroups`, `…:DescribeTags` on `*`: they take no resource
 * - `ec2:DeleteNetworkInterface`, `ec2:DeleteSecurityGroup`, `ec2:DeleteVolume`, `elasticloadbalancing:DeleteLoadBalancer`,
 *   `…:DeleteTargetGroup`, on condition that `aws:ResourceTag/eks:eks-cluster-name` is like `N`; two more statements do the
 *   same by `elbv2.k8s.aws/cluster` and `cluster.k8s.amazonaws.com/name`
 */
export function eksProvider(deployment: EksDeployment): ClusterProvider {
  return {
    create: (id, order) => attempting(() => create(deployment, id, order)),
    awaitActive: (id) => attempting(() => awaitActive(deployment, id)),
    grantAccess: (id) => attempting(() => grantAccess(deployment, id)),
    provideNodes: (id, clusterClass) => attempting(() => provideNodes(deployment, id, clusterClass)),
    inspect: (id) => inspect(deployment, id),
    inventory: (id) => attempting(() => inventory(deployment, id)),
    removeCompute: (id) => attempting(() => removeCompute(deployment, id)),
    removeInterfaces: (id) => attempting(() => removeInterfaces(deployment, id)),
    removeCluster: (id) => attempting(() => removeCluster(deployment, id)),
    verifyGone: (id) => attempting(() => verifyGone(deployment, id)),
    sweep: (id) => attempting(() => sweep(deployment, id)),
  };
}
