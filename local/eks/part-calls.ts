import { DeleteAddonCommand, DeleteNodegroupCommand } from "@aws-sdk/client-eks";
import { addonVersion } from "./addons.ts";
import { findSubnets } from "./cloud/cloud.ts";
import { type Ask, type CallContext, known } from "./cluster-calls.ts";
import { identityOf, isRepeated, type PartKind, type PartRecord, subjectOf, withPart } from "./cluster-record.ts";
import { effectOnPartCreation, effectOnPartDeletion } from "./faults/on-parts.ts";
import { isObject, type JsonObject, parseObject, text, texts } from "./json.ts";
import { checkAddon, checkNodegroup } from "./part-requests.ts";
import { livingParts, partIssues, partStatus } from "./part-status.ts";
import { invalidRequest, resourceInUse } from "./refusal.ts";

const words = {
  nodegroup: { nameMember: "nodegroupName", listMember: "nodegroups", called: "NodeGroup" },
  addon: { nameMember: "addonName", listMember: "addons", called: "Addon" },
} as const;

/** MiniStack authorizes and records first; what EKS would refuse for other reasons is taken back. */
export async function createPart(
  context: CallContext,
  ask: Ask,
  cluster: string,
  kind: PartKind,
  sent: Buffer,
): Promise<JsonObject> {
  const { clusters, faults, now } = context;
  const sentBody = parseObject(sent);
  const name = text(sentBody[words[kind].nameMember]) ?? "";
  const existing = partOf(context, cluster, kind, name);
  const first = await ask(409);
  const isHalfMade = first.status === 409 && existing === undefined;
  // MiniStack alone knows it: whoever asked for it was never answered, since EKS died before it wrote it down.
  if (isHalfMade) await forget(context, cluster, kind, name);
  const { status, body } = isHalfMade ? await ask(409) : first;
  if (existing !== undefined || status === 409) {
    if (status !== 409) await forget(context, cluster, kind, name);
    if (existing?.deletedAt === undefined && existing !== undefined && isRepeated(existing, sentBody)) {
      return told(context, existing, existing.answer);
    }
    throw resourceInUse(`${words[kind].called} already exists with name ${name} and cluster name ${cluster}`);
  }
  try {
    await check(context, cluster, kind, sentBody);
  } catch (error) {
    await forget(context, cluster, kind, name);
    throw error;
  }
  const answer = member(body, kind);
  const chosen = kind === "addon" ? { addonVersion: addonVersion(name, text(sentBody.addonVersion)) } : {};
  const createFailure = effectOnPartCreation(faults, subjectOf(known(clusters, cluster).record), kind);
  const part: PartRecord = {
    kind,
    name,
    createdAt: now(),
    request: identityOf(sentBody),
    answer: { ...answer, ...chosen },
    ...(createFailure !== undefined && { createFailure }),
  };
  clusters.change(cluster, (record) => ({ ...record, ...withPart(record, part) }));
  return told(context, part, part.answer);
}

/** Those that MiniStack has forgotten but that are not gone included. */
export async function listParts(context: CallContext, ask: Ask, cluster: string, kind: PartKind): Promise<JsonObject> {
  const { body } = await ask(404);
  const { record } = known(context.clusters, cluster);
  const { listMember } = words[kind];
  const living = livingParts(record, kind, context.durations, context.now()).map(({ name }) => name);
  return { [listMember]: [...new Set([...texts(body[listMember]), ...living])] };
}

/** One that MiniStack has forgotten is told of in its last words. */
export async function describePart(
  context: CallContext,
  ask: Ask,
  cluster: string,
  kind: PartKind,
  name: string,
): Promise<JsonObject> {
  const part = partOf(context, cluster, kind, name);
  if (part === undefined) return (await ask()).body;
  const { status, body } = await ask(404);
  return told(context, part, status === 404 ? part.answer : { ...part.answer, ...withoutVersion(member(body, kind)) });
}

/** Deletes at MiniStack at once, which authorizes, and here after a while. One whose deletion failed can be deleted again. */
export async function deletePart(
  context: CallContext,
  ask: Ask,
  cluster: string,
  kind: PartKind,
  name: string,
): Promise<JsonObject> {
  const { clusters, durations, faults, now } = context;
  const part = partOf(context, cluster, kind, name);
  if (part === undefined) return (await ask()).body;
  await ask(404);
  if (partStatus(part, durations, now()) === "DELETING") {
    throw resourceInUse(`${words[kind].called} ${name} is being deleted`);
  }
  const { deleteFailure: _, ...before } = part;
  const deleteFailure = effectOnPartDeletion(faults, subjectOf(known(clusters, cluster).record), kind);
  const ended: PartRecord = { ...before, deletedAt: now(), ...(deleteFailure !== undefined && { deleteFailure }) };
  clusters.change(cluster, (record) => ({ ...record, ...withPart(record, ended) }));
  return told(context, ended, ended.answer);
}

async function check(context: CallContext, cluster: string, kind: PartKind, body: JsonObject): Promise<void> {
  const { record } = known(context.clusters, cluster);
  if (record.status !== "ACTIVE") throw invalidRequest(`Cluster ${cluster} is not ACTIVE but ${record.status}`);
  if (kind === "addon") checkAddon(body);
  else checkNodegroup(body, await findSubnets(context.cloud, texts(body.subnets)));
}

/** The part with that name that has not gone. */
function partOf(context: CallContext, cluster: string, kind: PartKind, name: string): PartRecord | undefined {
  const record = context.clusters.get(cluster)?.record;
  return record && livingParts(record, kind, context.durations, context.now()).find((part) => part.name === name);
}

function told({ durations, now }: CallContext, part: PartRecord, answer: JsonObject): JsonObject {
  const status = partStatus(part, durations, now());
  const issues = partIssues(part, status).map((issue) => ({ ...issue, resourceIds: [] }));
  return { [part.kind]: { ...answer, status, health: { issues } } };
}

/** MiniStack has no version for an add-on that was asked for without. */
function withoutVersion({ addonVersion, ...rest }: JsonObject): JsonObject {
  return text(addonVersion) === undefined ? rest : { ...rest, addonVersion };
}

async function forget({ eks }: CallContext, clusterName: string, kind: PartKind, name: string): Promise<void> {
  if (kind === "nodegroup") await eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName: name }));
  else await eks.send(new DeleteAddonCommand({ clusterName, addonName: name }));
}

function member(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  return isObject(value) ? value : {};
}
