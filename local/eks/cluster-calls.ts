import { DeleteClusterCommand, type EKSClient } from "@aws-sdk/client-eks";
import { type Cloud, findSubnets } from "./cloud/cloud.ts";
import { isProtected, isRepeated, keep, newCluster, subjectOf, tagsIn } from "./cluster-record.ts";
import type { Clusters, ClusterView } from "./clusters.ts";
import { checkCreateRequest } from "./create-request.ts";
import { effectOnList } from "./faults/on-clusters.ts";
import { effectOnVersion } from "./faults/on-versions.ts";
import type { FaultRegister } from "./faults/register.ts";
import { forgetAddons } from "./forget.ts";
import { isObject, type JsonObject, member, parseObject, text, texts } from "./json.ts";
import { overlayCluster } from "./overlay.ts";
import { livingParts } from "./part-status.ts";
import { invalidRequest, Refusal, resourceInUse, resourceNotFound, unsupportedVersion } from "./refusal.ts";
import type { Durations } from "./settings.ts";
import { defaultVersion } from "./versions.ts";

/** What MiniStack answered, read. */
export interface Answered {
  readonly status: number;
  readonly body: JsonObject;
}

/** Sends the call at hand on to MiniStack; refuses in its words unless it answers 200 or one of `expected`. */
export type Ask = (...expected: number[]) => Promise<Answered>;

export interface CallContext {
  readonly clusters: Clusters;
  readonly cloud: Cloud;
  /** MiniStack's EKS, as the operator. */
  readonly eks: EKSClient;
  readonly durations: Durations;
  readonly faults: FaultRegister;
  readonly now: () => number;
}

/** MiniStack authorizes and records first; what EKS would refuse for other reasons is taken back. */
export async function createCluster(context: CallContext, ask: Ask, sent: Buffer): Promise<JsonObject> {
  const { clusters, cloud, eks, faults, now } = context;
  const body = parseObject(sent);
  const name = text(body.name) ?? "";
  const { status, body: answer } = await ask(409);
  const existing = clusters.get(name);
  if (status === 409) {
    if (existing === undefined || existing.record.status === "DELETING" || !isRepeated(existing.record, body)) {
      throw resourceInUse(`Cluster already exists with name: ${name}`);
    }
    return { cluster: overlaid(existing) };
  }
  try {
    if (existing !== undefined) throw resourceInUse(`Cluster already exists with name: ${name}`);
    const subnets = await findSubnets(cloud, texts(member(body.resourcesVpcConfig, "subnetIds")));
    checkCreateRequest(body, subnets, now());
    const version = text(body.version) ?? defaultVersion;
    if (effectOnVersion(faults, subjectOf({ name, tags: tagsIn(body.tags) }), version))
      throw unsupportedVersion(version);
    const made = isObject(answer.cluster) ? answer.cluster : {};
    const network = isObject(made.resourcesVpcConfig) ? made.resourcesVpcConfig : {};
    const vpcId = subnets[0]?.vpcId;
    clusters.create(newCluster(body, { ...made, resourcesVpcConfig: { ...network, vpcId } }, now()));
  } catch (error) {
    await eks.send(new DeleteClusterCommand({ name }));
    throw error;
  }
  return { cluster: overlaid(known(clusters, name)) };
}

/** Those that MiniStack has forgotten but that are still DELETING included. */
export async function listClusters({ clusters, faults }: CallContext, ask: Ask): Promise<JsonObject> {
  const { body } = await ask();
  const names = clusters.all().map(({ record }) => record.name);
  return { ...body, clusters: [...new Set([...names, ...effectOnList(faults)])] };
}

/** MiniStack no longer knows a cluster that is DELETING: it has authorized the call all the same. */
export async function describeCluster({ clusters }: CallContext, ask: Ask, name: string): Promise<JsonObject> {
  await ask(404);
  return { cluster: overlaid(known(clusters, name)) };
}

/**
 * Deletes at MiniStack at once, which authorizes, and here when nothing is left. MiniStack cannot be asked without
 * deleting, so a protected cluster is refused before anything is authorized.
 */
export async function deleteCluster(context: CallContext, ask: Ask, name: string): Promise<JsonObject> {
  const { clusters, eks, durations, now } = context;
  const record = clusters.get(name)?.record;
  if (record !== undefined && record.status !== "DELETING") {
    if (isProtected(record)) {
      throw invalidRequest(`Cluster ${name} has deletion protection enabled. Disable it to delete the cluster.`);
    }
    if (livingParts(record, "nodegroup", durations, now()).length > 0) {
      throw resourceInUse("Cluster has nodegroups attached");
    }
  }
  await ask(404);
  if (known(clusters, name).record.status === "DELETING") throw resourceInUse(`Cluster ${name} is being deleted`);
  clusters.remove(name);
  // MiniStack forgets a cluster's node groups with it, but would give its add-ons to the next one of that name.
  await forgetAddons(eks, known(clusters, name).record);
  return { cluster: overlaid(known(clusters, name)) };
}

/** MiniStack has no such call: it authorizes, and answers that there is no route. */
export async function updateClusterConfig(
  { clusters, now }: CallContext,
  ask: Ask,
  name: string,
  sent: Buffer,
): Promise<JsonObject> {
  const answer = await ask(400);
  if (answer.status === 400 && !isUnrouted(answer)) throw asRefusal(answer);
  if (known(clusters, name).record.status === "DELETING") throw resourceInUse(`Cluster ${name} is being deleted`);
  clusters.change(name, (record) => ({ ...record, kept: keep(record.kept, parseObject(sent)) }));
  return {
    update: {
      id: crypto.randomUUID(),
      status: "Successful",
      type: "ConfigUpdate",
      params: [],
      createdAt: now() / 1_000,
      errors: [],
    },
  };
}

/** The tags of clusters are kept here, where they also show in the cluster's description. */
export async function tagResource({ clusters }: CallContext, ask: Ask, arn: string, sent: Buffer): Promise<JsonObject> {
  const { body } = await ask();
  const added = tagsIn(parseObject(sent).tags);
  clusters.change(clusterIn(arn), (record) => ({ ...record, tags: { ...record.tags, ...added } }));
  return body;
}

/** Takes away every key; MiniStack takes away the first only. */
export async function untagResource(
  { clusters }: CallContext,
  ask: Ask,
  arn: string,
  query: URLSearchParams,
): Promise<JsonObject> {
  const { body } = await ask();
  const keys = query.getAll("tagKeys");
  clusters.change(clusterIn(arn), (record) => ({
    ...record,
    tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !keys.includes(key))),
  }));
  return body;
}

/** A cluster's own tags; MiniStack's answer for anything else. */
export async function listTags({ clusters }: CallContext, ask: Ask, arn: string): Promise<JsonObject> {
  const { body } = await ask();
  const tags = clusters.get(clusterIn(arn))?.record.tags;
  return tags === undefined ? body : { tags };
}

/** Whether MiniStack authorized a call and then did not know what to do with it. */
export function isUnrouted({ status, body }: Answered): boolean {
  return status === 400 && (text(body.message) ?? "").startsWith("No route for ");
}

/** MiniStack's refusal, to be passed on. */
export function asRefusal({ status, body }: Answered): Refusal {
  return new Refusal(status, text(body.__type) ?? text(body.code) ?? "ServerException", messageIn(body));
}

/** The cluster, or a refusal that there is none. */
export function known(clusters: Clusters, name: string): ClusterView {
  const cluster = clusters.get(name);
  if (cluster === undefined) throw resourceNotFound(`No cluster found for name: ${name}.`);
  return cluster;
}

function messageIn(body: JsonObject): string {
  return text(body.message) ?? text(body.Message) ?? "no reason given";
}

function overlaid({ record, address }: ClusterView): JsonObject {
  return overlayCluster(record.answer, record, address);
}

/** The cluster that an ARN names; empty for one of anything else. */
export function clusterIn(arn: string): string {
  return /^arn:[^:]+:eks:[^:]+:\d+:cluster\/([^/]+)$/.exec(arn)?.[1] ?? "";
}
