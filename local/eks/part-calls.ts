import { DeleteAddonCommand, DeleteNodegroupCommand } from "@aws-sdk/client-eks";
import { type Ask, type CallContext, known } from "./cluster-calls.ts";
import type { ClusterRecord, PartKind, PartRecord } from "./cluster-record.ts";
import { isObject, type JsonObject, parseObject, text, texts } from "./json.ts";
import { livingParts, partStatus } from "./overlay.ts";
import { resourceInUse } from "./refusal.ts";

const words = {
  nodegroup: { nameMember: "nodegroupName", listMember: "nodegroups", called: "NodeGroup" },
  addon: { nameMember: "addonName", listMember: "addons", called: "Addon" },
} as const;

/** Node groups and add-ons take time to come and to go; MiniStack's do so at once. */
export async function createPart(
  context: CallContext,
  ask: Ask,
  cluster: string,
  kind: PartKind,
  sent: Buffer,
): Promise<JsonObject> {
  const { clusters, now } = context;
  const name = text(parseObject(sent)[words[kind].nameMember]) ?? "";
  const { body } = await ask();
  if (partOf(context, cluster, kind, name) !== undefined) {
    await forget(context, cluster, kind, name);
    throw resourceInUse(`${words[kind].called} already exists with name ${name} and cluster name ${cluster}`);
  }
  const part: PartRecord = { kind, name, createdAt: now(), answer: member(body, kind) };
  clusters.change(cluster, (record) => ({ ...record, parts: [...without(record, kind, name), part] }));
  return told(context, part, part.answer);
}

/** Those that MiniStack has forgotten but that are still DELETING included. */
export async function listParts(context: CallContext, ask: Ask, cluster: string, kind: PartKind): Promise<JsonObject> {
  const { body } = await ask(404);
  const { record } = known(context.clusters, cluster);
  const { listMember } = words[kind];
  const living = livingParts(record, kind, context.durations, context.now()).map(({ name }) => name);
  return { [listMember]: [...new Set([...texts(body[listMember]), ...living])] };
}

/** One that is DELETING is told of in MiniStack's last words. */
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
  return told(context, part, status === 404 ? part.answer : member(body, kind));
}

/** Deletes at MiniStack at once, which authorizes, and here after a while. */
export async function deletePart(
  context: CallContext,
  ask: Ask,
  cluster: string,
  kind: PartKind,
  name: string,
): Promise<JsonObject> {
  const part = partOf(context, cluster, kind, name);
  if (part === undefined) return (await ask()).body;
  const { status, body } = await ask(404);
  if (status === 404) throw resourceInUse(`${words[kind].called} ${name} is being deleted`);
  const ended: PartRecord = { ...part, deletedAt: context.now(), answer: member(body, kind) };
  context.clusters.change(cluster, (record) => ({ ...record, parts: [...without(record, kind, name), ended] }));
  return told(context, ended, ended.answer);
}

/** The part with that name that has not gone. */
function partOf(context: CallContext, cluster: string, kind: PartKind, name: string): PartRecord | undefined {
  const record = context.clusters.get(cluster)?.record;
  return record && livingParts(record, kind, context.durations, context.now()).find((part) => part.name === name);
}

function told({ durations, now }: CallContext, part: PartRecord, answer: JsonObject): JsonObject {
  return { [part.kind]: { ...answer, status: partStatus(part, durations, now()) } };
}

function without(record: ClusterRecord, kind: PartKind, name: string): readonly PartRecord[] {
  return record.parts.filter((part) => part.kind !== kind || part.name !== name);
}

async function forget({ eks }: CallContext, clusterName: string, kind: PartKind, name: string): Promise<void> {
  if (kind === "nodegroup") await eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName: name }));
  else await eks.send(new DeleteAddonCommand({ clusterName, addonName: name }));
}

function member(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  return isObject(value) ? value : {};
}
