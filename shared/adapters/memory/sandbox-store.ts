import { isDeepStrictEqual } from "node:util";
import type { ClusterIn } from "../../domain/cluster.ts";
import type { TenantId } from "../../domain/ids.ts";
import { deadlineOf } from "../../domain/lease.ts";
import { isLive, type LiveSandbox, type Sandbox } from "../../domain/sandbox.ts";
import { InvalidCursor, type SandboxFilter, type SandboxStore } from "../../ports/sandbox-store.ts";
import { liveOf, poolOf, type Records } from "./records.ts";

/** Sandboxes in memory, with the promises of the port. */
export function memorySandboxStore(records: Records): SandboxStore {
  const { sandboxes } = records;
  return {
    async get(id) {
      return sandboxes.get(id);
    },

    async list(tenant, filter, { limit, cursor }) {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, tenant);
      const rest = [...sandboxes.values()]
        .filter((it) => it.tenant === tenant)
        .map((sandbox) => ({ key: createdKey(sandbox), sandbox }))
        .filter(({ key }) => after === undefined || key < after)
        .sort((a, b) => (a.key < b.key ? 1 : -1));
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map((it) => it.sandbox).filter((it) => passes(it, filter)),
        ...(last && rest.length > limit && { nextCursor: encodeCursor(tenant, last.key) }),
      };
    },

    async listLiveOfOwner(tenant, ownerId) {
      return [...liveOf(records, tenant, ownerId)].sort();
    },

    async listDue(poolId, until) {
      return [...sandboxes.values()]
        .filter((it): it is LiveSandbox => it.poolId === poolId && isLive(it) && deadlineOf(it).at <= until)
        .sort((a, b) => deadlineOf(a).at - deadlineOf(b).at)
        .map((it) => it.id);
    },

    async save(sandbox) {
      const inPlace = sandboxes.get(sandbox.id);
      if (inPlace?.version !== sandbox.version - 1) return isDeepStrictEqual(inPlace, sandbox);
      sandboxes.set(sandbox.id, sandbox);
      return true;
    },

    async end(before, ended, cluster) {
      const { slots, clusters } = poolOf(records, before.poolId);
      const inPlace = sandboxes.get(ended.id);
      if (inPlace?.version !== ended.version - 1) return isDeepStrictEqual(inPlace, ended);
      if (cluster) {
        const held = clusters.get(cluster.id);
        if (held?.state !== "claimed" || held.sandboxId !== ended.id || !precedes(held, cluster)) return false;
        clusters.set(cluster.id, cluster);
      }
      if (before.state === "pending") {
        const holder = slots.get(before.ticket)?.sandbox?.sandboxId;
        if (holder !== undefined && holder !== ended.id) throw new Error(`Slot ${before.ticket} is not ${ended.id}'s.`);
        slots.set(before.ticket, { n: before.ticket, ticketGone: ended.id });
      }
      sandboxes.set(ended.id, ended);
      liveOf(records, ended.tenant, ended.ownerId).delete(ended.id);
      return true;
    },
  };
}

function precedes(held: ClusterIn<"claimed">, cluster: ClusterIn<"draining">): boolean {
  return held.version === cluster.version - 1;
}

function passes(sandbox: Sandbox, { ownerId, poolId, state, labels = {} }: SandboxFilter): boolean {
  return (
    (ownerId === undefined || sandbox.ownerId === ownerId) &&
    (poolId === undefined || sandbox.poolId === poolId) &&
    (state === undefined || sandbox.state === state) &&
    Object.entries(labels).every(([key, value]) => sandbox.labels[key] === value)
  );
}

function createdKey({ createdAt, id }: Sandbox): string {
  return `${new Date(createdAt).toISOString()}#${id}`;
}

function encodeCursor(tenant: TenantId, key: string): string {
  return Buffer.from(JSON.stringify([tenant, key])).toString("base64url");
}

function decodeCursor(cursor: string, tenant: TenantId): string {
  try {
    const [owner, key]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (owner === tenant && typeof key === "string") return key;
  } catch {
    // Not JSON: not ours.
  }
  throw new InvalidCursor("This cursor was not handed out to this tenant.");
}
