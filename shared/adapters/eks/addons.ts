import { type ClusterClass, hasFeature, managedComputeOf } from "../../domain/cluster-class.ts";

/** An add-on as it is asked for. */
export interface AddonRequest {
  readonly name: string;
  readonly version?: string;
  /** In the add-on's own schema. */
  readonly configuration?: object;
  /** The service account of the add-on that acts as the storage role. */
  readonly storageAccount?: string;
}

/**
 * The add-ons of a class, the network first: nodes are not Ready without it. Auto Mode does the work of all but the class's own
 * by itself; a managed node group comes with nothing.
 *
 * @param clusterName marks the volumes, so that a sweep finds them.
 */
export function addonsOf(clusterClass: ClusterClass, clusterName: string): readonly AddonRequest[] {
  const own = clusterClass.addons ?? [];
  const parts = managedComputeOf(clusterClass) ? partsOf(clusterClass, clusterName) : [];
  const names = new Set([...parts, ...own].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    ...parts.find((it) => it.name === name),
    ...own.find((it) => it.name === name),
  }));
}

function partsOf(clusterClass: ClusterClass, clusterName: string): readonly AddonRequest[] {
  const enforced = hasFeature(clusterClass, "networkPolicy");
  return [
    // As text: the add-on's schema says so (EKS user guide, "Restrict Pod network traffic with Kubernetes network policies").
    { name: "vpc-cni", ...(enforced && { configuration: { enableNetworkPolicy: "true" } }) },
    { name: "kube-proxy" },
    { name: "coredns" },
    ...(hasFeature(clusterClass, "storage")
      ? [
          { name: "eks-pod-identity-agent" },
          {
            name: "aws-ebs-csi-driver",
            storageAccount: "ebs-csi-controller-sa",
            configuration: { controller: { extraVolumeTags: { "eks:eks-cluster-name": clusterName } } },
          },
        ]
      : []),
  ];
}
