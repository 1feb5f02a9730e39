import { createHash } from "node:crypto";
import type { PartFailure } from "./faults/on-parts.ts";
import type { ClusterSubject } from "./faults/register.ts";
import { isObject, type JsonObject, member, text, texts } from "./json.ts";

export type ClusterStatus = "CREATING" | "ACTIVE" | "FAILED" | "DELETING";
export type PartKind = "nodegroup" | "addon";

/** As `health.issues` has it. */
export interface HealthIssue {
  readonly code: string;
  readonly message: string;
}

/** What makes a second create call the same one. */
export interface RequestIdentity {
  readonly token?: string;
  readonly digest: string;
}

/** A node group or an add-on. Its status follows from these facts and the clock. */
export interface PartRecord {
  readonly kind: PartKind;
  readonly name: string;
  /** Milliseconds since the epoch, as are all times here. */
  readonly createdAt: number;
  /** When all nodes of a node group, or one for an add-on, were Ready for the first time. */
  readonly joinedAt?: number;
  /** How it ends up instead of ACTIVE. */
  readonly createFailure?: PartFailure;
  readonly deletedAt?: number;
  /** When the last node of a deleted node group had gone, with its network interface. */
  readonly emptiedAt?: number;
  /** What its deletion fails with. */
  readonly deleteFailure?: HealthIssue;
  readonly request: RequestIdentity;
  /** What the emulator last said of it, told on while it is DELETING. */
  readonly answer: JsonObject;
}

/** What a cluster's create call said and MiniStack does not keep, and what has become of the cluster. */
export interface ClusterRecord {
  readonly name: string;
  readonly status: ClusterStatus;
  readonly createdAt: number;
  readonly issues: readonly HealthIssue[];
  /** Members of `DescribeCluster`'s answer that MiniStack drops. */
  readonly kept: JsonObject;
  readonly tags: Readonly<Record<string, string>>;
  readonly subnetIds: readonly string[];
  readonly request: RequestIdentity;
  readonly parts: readonly PartRecord[];
  /** Where the API server listens, so that kubeconfigs outlive a restart. */
  readonly port?: number;
  /** What MiniStack last said of it, told on while it is DELETING. */
  readonly answer: JsonObject;
}

/** Where a running control plane is reached. */
export interface Address {
  readonly endpoint: string;
  /** Base64 of the PEM certificate to trust for it. */
  readonly caData: string;
}

const keptMembers = ["computeConfig", "storageConfig", "accessConfig", "upgradePolicy", "deletionProtection"] as const;
const defaults: JsonObject = {
  accessConfig: { authenticationMode: "CONFIG_MAP", bootstrapClusterCreatorAdminPermissions: true },
  upgradePolicy: { supportType: "EXTENDED" },
  deletionProtection: false,
};

/** The record of a cluster that has just been asked for. `body` is the create call's, `answer` MiniStack's. */
export function newCluster(body: JsonObject, answer: JsonObject, now: number): ClusterRecord {
  return {
    name: text(body.name) ?? "",
    status: "CREATING",
    createdAt: now,
    issues: [],
    kept: keep(defaults, body),
    tags: tagsIn(body.tags),
    subnetIds: texts(member(body.resourcesVpcConfig, "subnetIds")),
    request: identityOf(body),
    parts: [],
    answer,
  };
}

/** The members of a create or update call that describe the cluster from then on, over those kept so far. */
export function keep(before: JsonObject, body: JsonObject): JsonObject {
  const kept: Record<string, unknown> = { ...before };
  for (const name of keptMembers) {
    const value = body[name];
    if (value === undefined) continue;
    kept[name] = isObject(value) && isObject(kept[name]) ? { ...kept[name], ...value } : value;
  }
  const balancing = member(body.kubernetesNetworkConfig, "elasticLoadBalancing");
  return balancing === undefined ? kept : { ...kept, elasticLoadBalancing: balancing };
}

/** What a later create call has to have in common with this one to be the same. */
export function identityOf(body: JsonObject): RequestIdentity {
  const token = text(body.clientRequestToken);
  return { digest: digestOf(body), ...(token !== undefined && { token }) };
}

/** Whether a create call repeats the one that the record comes from: same token and same body. */
export function isRepeated({ request }: { readonly request: RequestIdentity }, body: JsonObject): boolean {
  const { token, digest } = identityOf(body);
  return token !== undefined && token === request.token && digest === request.digest;
}

/** The cluster's parts with this one in the place of that of its kind and name. */
export function withPart({ parts }: ClusterRecord, part: PartRecord): Pick<ClusterRecord, "parts"> {
  return { parts: [...parts.filter((it) => it.kind !== part.kind || it.name !== part.name), part] };
}

/** Names a body's content whatever the order of its members. */
function digestOf(body: JsonObject): string {
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, ordered(value[key])]),
    );
  };
  return createHash("sha256")
    .update(JSON.stringify(ordered(body)))
    .digest("hex");
}

/** The tags in a body; whatever is no text is left out. */
export function tagsIn(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((it): it is [string, string] => typeof it[1] === "string"));
}

/** By which the product names a cluster's pool. */
const poolTag = "sandlot:pool";

/** A cluster, as faults match it. */
export function subjectOf({ name, tags }: Pick<ClusterRecord, "name" | "tags">): ClusterSubject {
  return { cluster: name, pool: tags[poolTag] };
}

/** Whether EKS runs the cluster's nodes, load balancers and volumes. */
export function isAutoMode(record: ClusterRecord): boolean {
  return member(record.kept.computeConfig, "enabled") === true;
}

/** Whether a deletion has to be refused. */
export function isProtected(record: ClusterRecord): boolean {
  return record.kept.deletionProtection === true;
}
