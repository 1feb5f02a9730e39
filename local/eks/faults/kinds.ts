import { operationNames } from "../operation-names.ts";
import {
  count,
  defaulting,
  type Optional,
  oneOf,
  optional,
  type Parameter,
  type Required,
  required,
  seconds,
  text,
} from "./parameters.ts";

const operation = oneOf([...operationNames, "*"]);

/** What every fault has beside its kind. */
export const commonParameters = {
  pool: optional(text),
  cluster: optional(text),
  times: optional(count),
  seconds: optional(seconds),
} as const;

/** Everything that can go wrong on purpose: what it imitates, and its parameters. */
export const faultKinds = {
  throttled: {
    imitates: "too many requests: 429 ThrottlingException, nothing happens",
    parameters: { operation: defaulting(operation, "CreateCluster") },
  },
  quota: {
    imitates: "a service quota reached: ResourceLimitExceededException, nothing happens",
    parameters: { operation: defaulting(operation, "CreateCluster") },
  },
  slow: {
    imitates: "a call that takes effect at once and answers late",
    parameters: { operation: defaulting(operation, "*"), delaySeconds: required(seconds) },
  },
  lost: {
    imitates: "an answer that gets lost: the call takes effect, then the connection is cut",
    parameters: { operation: defaulting(operation, "CreateCluster") },
  },
  failCreate: {
    imitates: "a CreateCluster that is accepted, and the cluster turns FAILED",
    parameters: {
      code: defaulting(text, "InsufficientFreeAddresses"),
      message: defaulting(text, "The subnets have not enough free addresses."),
    },
  },
  stuckDeleting: {
    imitates: "a cluster that stays DELETING, for so long or until the fault ends",
    parameters: { delaySeconds: optional(seconds) },
  },
  nodegroupCreateFailed: {
    imitates: "a CreateNodegroup that is accepted, and the node group turns CREATE_FAILED without nodes",
    parameters: {
      code: defaulting(text, "NodeCreationFailure"),
      message: defaulting(text, "Instances failed to join the kubernetes cluster"),
    },
  },
  nodegroupDeleteFailed: {
    imitates: "a DeleteNodegroup that is accepted, and the node group turns DELETE_FAILED; asking again may help",
    parameters: {
      code: defaulting(text, "Ec2SecurityGroupDeletionFailure"),
      message: defaulting(text, "The security group has a dependent object."),
    },
  },
  addonFailed: {
    imitates: "a CreateAddon that is accepted, and the add-on turns CREATE_FAILED or DEGRADED",
    parameters: {
      status: defaulting(oneOf(["CREATE_FAILED", "DEGRADED"]), "CREATE_FAILED"),
      code: defaulting(text, "ConfigurationConflict"),
      message: defaulting(text, "Conflicts found when trying to apply."),
    },
  },
  ghost: {
    imitates: "a name that ListClusters goes on listing after its cluster is gone, or one that never was a cluster's",
    parameters: { name: optional(text) },
  },
  vanish: {
    imitates: "an ACTIVE cluster that is gone at once without anybody having deleted it; what carries its tags stays",
    parameters: {},
  },
  versionWithdrawn: {
    imitates: "a Kubernetes version that EKS no longer offers: not listed, and refused by CreateCluster",
    parameters: { version: required(text) },
  },
  accessLag: {
    imitates: "access entries and policies that count only after a while; callers get 401 or 403 until then",
    parameters: { delaySeconds: required(seconds) },
  },
  leakedInterface: {
    imitates:
      "a node's network interface that stays when the cluster's nodes go, detached and with all its tags; one a cluster",
    parameters: {},
  },
  loadBalancerHangs: {
    imitates: "a load balancer that does not go, nor the finalizer of its Service or Ingress, until the fault ends",
    parameters: {},
  },
  nodeNeverReady: {
    imitates: "new nodes that stay NotReady, and node groups CREATING, until the fault ends",
    parameters: {},
  },
  apiServerDead: {
    imitates: "a Kubernetes API that refuses connections (its process is killed) until the fault ends",
    parameters: {},
  },
  apiServerSlow: {
    imitates: "a Kubernetes API that halts for so long, again and again, a quarter of a second apart",
    parameters: { delaySeconds: required(seconds) },
  },
} as const satisfies Readonly<
  Record<string, { readonly imitates: string; readonly parameters: Readonly<Record<string, Parameter<unknown>>> }>
>;

export type FaultKind = keyof typeof faultKinds;

type ParametersOf<Kind extends FaultKind> = typeof commonParameters & (typeof faultKinds)[Kind]["parameters"];
type Values<Parameters> = {
  readonly [Name in keyof Parameters]: Parameters[Name] extends Parameter<infer Value> ? Value : never;
};
type Given<Parameters> = {
  readonly [Name in keyof Parameters as Parameters[Name] extends Required<infer _>
    ? Name
    : never]: Values<Parameters>[Name];
} & {
  readonly [Name in keyof Parameters as Parameters[Name] extends Optional<infer _>
    ? Name
    : never]?: Values<Parameters>[Name];
};

/** A fault of one kind, defaults filled in. */
export type FaultOf<Kind extends FaultKind> = { readonly kind: Kind } & Values<ParametersOf<Kind>>;
export type Fault = { readonly [Kind in FaultKind]: FaultOf<Kind> }[FaultKind];

/** A fault as it is asked for. */
export type FaultRequest = {
  readonly [K in FaultKind]: { readonly kind: K } & Given<ParametersOf<K>>;
}[FaultKind];

/** The parameters of a kind, those of every fault first. */
export function parametersOf(kind: FaultKind): Readonly<Record<string, Parameter<unknown>>> {
  return { ...commonParameters, ...faultKinds[kind].parameters };
}

/** Whether there is such a kind. */
export function isFaultKind(value: unknown): value is FaultKind {
  return typeof value === "string" && Object.hasOwn(faultKinds, value);
}
