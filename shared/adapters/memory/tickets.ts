import type { PoolStore, TakeAnswer } from "../../ports/pool-store.ts";
import { poolOf, type Records, type SlotRecord, toSlot } from "./records.ts";

type Tickets = Pick<
  PoolStore,
  | "drawTicket"
  | "redrawTicket"
  | "takeSlotForSandbox"
  | "nextSlot"
  | "takeSlotForCluster"
  | "leaveSlot"
  | "abandonTicket"
  | "dropCluster"
>;

/** The counters, and the writes that touch one slot. */
export function memoryTickets(records: Records): Tickets {
  const take = (slot: SlotRecord): TakeAnswer => ({ kind: "taken", slot: toSlot(slot) });
  const refuse = (slot: SlotRecord): TakeAnswer => ({ kind: "refused", slot: toSlot(slot) });
  return {
    async drawTicket(poolId, tenant, tenantQuota, onlyIfWarm) {
      const pool = poolOf(records, poolId);
      const { head, tail, drawn, ceiling, closed } = pool.counters;
      if (closed) return { kind: "closed" };
      const used = drawn[tenant] ?? 0;
      if (used >= (ceiling[tenant] ?? tenantQuota)) return { kind: "tenantQuota" };
      if (onlyIfWarm && head >= tail) return { kind: "empty" };
      pool.counters = { ...pool.counters, head: head + 1, drawn: { ...drawn, [tenant]: used + 1 } };
      return { kind: "drawn", ticket: head + 1 };
    },

    async redrawTicket(poolId, onlyIfWarm) {
      const pool = poolOf(records, poolId);
      const { head, tail } = pool.counters;
      if (onlyIfWarm && head >= tail) return undefined;
      pool.counters = { ...pool.counters, head: head + 1 };
      return head + 1;
    },

    async takeSlotForSandbox(poolId, n, half) {
      const { slots } = poolOf(records, poolId);
      const slot = slots.get(n) ?? { n };
      if (slot.sandbox?.sandboxId === half.sandboxId) return take(slot);
      if (slot.sandbox || slot.ticketGone !== undefined) return refuse(slot);
      const taken = { ...slot, sandbox: half };
      slots.set(n, taken);
      return take(taken);
    },

    async nextSlot(poolId) {
      const pool = poolOf(records, poolId);
      const tail = pool.counters.tail + 1;
      pool.counters = { ...pool.counters, tail };
      return tail;
    },

    async takeSlotForCluster(poolId, n, half) {
      const { slots } = poolOf(records, poolId);
      const { clusterGone: _, ...slot } = slots.get(n) ?? { n };
      if (slot.cluster?.clusterId === half.clusterId) return take(slot);
      if (slot.ticketGone !== undefined) {
        slots.delete(n);
        return refuse(slot);
      }
      if (slot.cluster) return refuse(slot);
      const taken = { ...slot, cluster: half };
      slots.set(n, taken);
      return take(taken);
    },

    async leaveSlot(poolId, n, sandboxId) {
      const { slots } = poolOf(records, poolId);
      const slot = slots.get(n);
      if (slot?.ticketGone === sandboxId) return true;
      if (slot?.sandbox?.sandboxId !== sandboxId) return false;
      slots.set(n, { n, ticketGone: sandboxId });
      return true;
    },

    async abandonTicket(poolId, n, tail) {
      const { slots } = poolOf(records, poolId);
      const slot = slots.get(n);
      if (slot?.sandbox?.confirmed) return false;
      if (n <= tail) {
        slots.delete(n);
        return true;
      }
      if (slot?.cluster) return false;
      slots.set(n, { n, ticketGone: slot?.ticketGone ?? "dead" });
      return true;
    },

    async dropCluster(poolId, n, clusterId) {
      const { slots } = poolOf(records, poolId);
      const slot = slots.get(n);
      if (slot?.cluster?.clusterId !== clusterId) return slot?.clusterGone === clusterId;
      const { cluster: _, ...rest } = slot;
      slots.set(n, { ...rest, clusterGone: clusterId });
      return true;
    },
  };
}
