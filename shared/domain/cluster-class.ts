import type { PoolId } from "./ids.ts";
import type { Manifest } from "./manifest.ts";

/** What a cluster of a pool is made of. A change of any field gives a new `revision`. */
export interface ClusterClass {
  /** Kubernetes minor version, `1.36`. */
  readonly kubernetesVersion: string;
  /** Nodes that must be Ready, each running the canary, before a cluster counts as usable. */
  readonly nodes: number;
  /** Who runs the nodes: EKS Auto Mode, unless said otherwise. */
  readonly compute?: "auto" | ManagedCompute;
  /** EKS add-ons beyond those that compute and features bring; naming one of those sets its version. */
  readonly addons?: readonly Addon[];
  /** Exactly these; `defaultFeatures` of the compute when absent. */
  readonly features?: readonly Feature[];
  readonly isolation?: Isolation;
  /** Files with the owner's own objects, which every cluster gets before anybody does; beside `cdk/config.ts`. */
  readonly manifests?: readonly string[];
}

/** One managed node group of exactly `nodes` nodes. */
export interface ManagedCompute {
  /** EC2 instance types of one architecture; EKS takes the first that it has room for. */
  readonly instanceTypes: readonly string[];
}

export interface Addon {
  /** As EKS calls it, such as `metrics-server`. */
  readonly name: string;
  /** EKS's default for the Kubernetes version when absent. */
  readonly version?: string;
}

/** What each feature puts into a cluster. */
export const featureMeaning = {
  ingress: "an Ingress becomes a load balancer that the internet reaches: the default IngressClass. Auto Mode only",
  storage: "a PersistentVolumeClaim becomes a volume: the default StorageClass, and its driver",
  networkPolicy: "NetworkPolicies are enforced",
} as const;
export type Feature = keyof typeof featureMeaning;

/** What keeps the `default` namespace, in which a user starts, from harm. In namespaces of their own, users make their own rules. */
export interface Isolation {
  /** Pod Security Standard that the namespace enforces; `privileged`, which enforces nothing, when absent. */
  readonly podSecurity?: PodSecurityLevel;
  /** Hard limits of the namespace's ResourceQuota; `defaultQuota` when absent, none when empty. */
  readonly quota?: Readonly<Record<string, string>>;
  /** What a container asks for that says nothing itself; `defaultRequests` when absent, nothing when empty. */
  readonly requests?: Readonly<Record<string, string>>;
  /**
   * From where the namespace's pods take connections; `anywhere` when absent. `namespace` shuts out load balancers too.
   * Metadata of the instance is out of reach from the namespace in any case, while NetworkPolicies are enforced.
   */
  readonly ingressFrom?: "anywhere" | "namespace";
}

export const podSecurityLevels = ["privileged", "baseline", "restricted"] as const;
export type PodSecurityLevel = (typeof podSecurityLevels)[number];

/** More than an exercise needs, and less than a mistake in a loop would make: load balancers and volumes cost money. */
export const defaultQuota: Readonly<Record<string, string>> = {
  "services.loadbalancers": "10",
  persistentvolumeclaims: "30",
  "requests.storage": "300Gi",
};

/** Enough for the scheduler not to pile everything upon one node. */
export const defaultRequests: Readonly<Record<string, string>> = { cpu: "25m", memory: "32Mi" };

/** The node group that the class asks for; `undefined` in Auto Mode. */
export function managedComputeOf({ compute }: ClusterClass): ManagedCompute | undefined {
  return compute === "auto" ? undefined : compute;
}

/** Features in force where a class names none. */
export const defaultFeatures = {
  auto: ["ingress", "storage", "networkPolicy"],
  managed: ["storage", "networkPolicy"],
} as const satisfies Record<"auto" | "managed", readonly Feature[]>;

/** True when clusters of the class have the feature. */
export function hasFeature(clusterClass: ClusterClass, feature: Feature): boolean {
  const usual: readonly Feature[] = defaultFeatures[managedComputeOf(clusterClass) ? "managed" : "auto"];
  return (clusterClass.features ?? usual).includes(feature);
}

/** The isolation in force: the class's own words, and the defaults where it has none. */
export function isolationOf({ isolation }: ClusterClass): Required<Isolation> {
  return {
    podSecurity: "privileged",
    quota: defaultQuota,
    requests: defaultRequests,
    ingressFrom: "anywhere",
    ...isolation,
  };
}

/** A class as the clusters of one revision are built from it, manifests included. */
export interface ClassRevision {
  readonly revision: string;
  readonly clusterClass: ClusterClass;
  /** The content of `clusterClass.manifests`. */
  readonly manifests: readonly Manifest[];
}

/** What the cloud is asked for, and for whom. */
export interface ClusterOrder extends Pick<ClassRevision, "revision" | "clusterClass"> {
  readonly poolId: PoolId;
}
