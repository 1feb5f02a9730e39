import type { ClusterId, OwnerId, SandboxId, TenantId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** The claim's half of a slot. */
export interface SandboxHalf {
  readonly sandboxId: SandboxId;
  readonly tenant: TenantId;
  readonly ownerId: OwnerId;
  /** The claim's first ticket: the one that the tenant's use was counted with. */
  readonly countedTicket: number;
  readonly since: Instant;
  /** The sandbox's record exists and waits; before that the claim is still on its way, or died on it. */
  readonly confirmed: boolean;
}

/** The cluster's half of a slot. */
export interface ClusterHalf {
  readonly clusterId: ClusterId;
  readonly since: Instant;
}

/**
 * Place `n` where ticket `n` meets the cluster that took slot `n`. A slot item lives from the first half's arrival
 * until the match, and leaves the table with it.
 */
export interface Slot {
  readonly n: number;
  readonly sandbox?: SandboxHalf;
  readonly cluster?: ClusterHalf;
  /** The ticket's holder went away before a cluster came: the cluster takes another number. */
  readonly ticketGone: boolean;
  /** The cluster left before the ticket's holder came: the holder takes another ticket. */
  readonly clusterGone: boolean;
}

/** `head`: tickets drawn by claims; `tail`: slots taken by clusters. Both start at 0 and only grow; numbers start at 1. */
export interface PoolCounters {
  readonly head: number;
  readonly tail: number;
  /** Tickets ever drawn, by tenant. */
  readonly drawn: Readonly<Record<TenantId, number>>;
  /** The `drawn` that a tenant may reach; moved by the refiller as sandboxes end. Absent: the quota itself. */
  readonly ceiling: Readonly<Record<TenantId, number>>;
  /** Present while no claim may draw a ticket. */
  readonly closed?: true;
}

/** A slot in which a confirmed sandbox waits for a cluster. */
export function isWaiting(slot: Slot): slot is Slot & { readonly sandbox: SandboxHalf } {
  return slot.sandbox?.confirmed === true && slot.cluster === undefined && !slot.ticketGone;
}

/** The oldest place that a cluster already passed by and a sandbox still waits in; `undefined` when there is none. */
export function oldestHole(slots: readonly Slot[], tail: number): number | undefined {
  return slots
    .filter((slot) => isWaiting(slot) && slot.n <= tail)
    .reduce<number | undefined>((oldest, { n }) => (oldest === undefined || n < oldest ? n : oldest), undefined);
}
