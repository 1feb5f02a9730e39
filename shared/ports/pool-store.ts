import type { BuildFailures } from "../domain/build-failures.ts";
import type { CapacityBlock } from "../domain/capacity.ts";
import type { Cluster, ClusterAddress, ClusterIn } from "../domain/cluster.ts";
import type { ClassRevision } from "../domain/cluster-class.ts";
import type { ClusterId, PoolId, SandboxId, TenantId } from "../domain/ids.ts";
import type { PoolOperation } from "../domain/operation.ts";
import type { Outlook } from "../domain/outlook.ts";
import type { Observation, PoolView } from "../domain/plan.ts";
import type { PoolConfig } from "../domain/pool.ts";
import type { Sandbox, SandboxIn } from "../domain/sandbox.ts";
import type { ClusterHalf, PoolCounters, SandboxHalf, Slot } from "../domain/slot.ts";
import type { Instant } from "../domain/time.ts";

/** `pages` is the number of requests that the read took. */
export interface PoolRead extends PoolView {
  readonly pages: number;
}

/** What a pass leaves for the next ones, and for whoever asks how the pool does. */
export interface PassRecord {
  readonly observations: readonly Observation[];
  readonly outlook: Outlook;
}

export type TicketAnswer =
  | { readonly kind: "drawn"; readonly ticket: number }
  /** The pool takes no claims. */
  | { readonly kind: "closed" }
  | { readonly kind: "tenantQuota" }
  | { readonly kind: "empty" };

export type TakeAnswer =
  /** `slot` as it is after the write. */
  | { readonly kind: "taken"; readonly slot: Slot }
  /** The other side had left for good, or the half belongs to somebody else: take another number. */
  | { readonly kind: "refused"; readonly slot: Slot };

export type MatchAnswer =
  | { readonly kind: "matched"; readonly sandbox: SandboxIn<"ready"> }
  /** The sandbox's record is not what the match expected; `sandbox` is what is there, if anything. */
  | { readonly kind: "sandboxMoved"; readonly sandbox: Sandbox | undefined }
  /** The cluster cannot be handed out any more. */
  | { readonly kind: "clusterMoved" }
  /** The slot no longer holds these two. */
  | { readonly kind: "slotMoved" }
  | { readonly kind: "ownerQuota" };

export type EnqueueAnswer =
  | { readonly kind: "enqueued" }
  | { readonly kind: "exists"; readonly sandbox: Sandbox }
  | { readonly kind: "slotMoved" }
  | { readonly kind: "ownerQuota" };

/**
 * The records of pools: configuration, operation, counters, slots, clusters, and the writes of the claim protocol.
 *
 * All reads are strongly consistent. Every write names the state that it expects; one that finds its own earlier success
 * (a lost answer, a repeated step) reports success again. Items that many claims share (the counters) are only ever
 * written alone; transactions hold items of one claim: its sandbox, its cluster, its slot, its owner.
 */
export interface PoolStore {
  /** Pools in order of id. */
  listConfigs(): Promise<readonly PoolConfig[]>;
  getConfig(poolId: PoolId): Promise<PoolConfig | undefined>;
  /** Written by the deployment. Leaves everything else of the pool as it is. */
  putConfig(config: PoolConfig): Promise<void>;
  /** `undefined` for a revision that was never saved, or was superseded long ago. */
  getClass(poolId: PoolId, revision: string): Promise<ClassRevision | undefined>;
  /**
   * Written by the deployment, before the configuration that names the revision, and apart from it: a plan reads none of it.
   * The pool's other revisions stay for as long as a cluster's record does, for clusters that are built from them.
   */
  saveClass(poolId: PoolId, built: ClassRevision, now: Instant): Promise<void>;

  /** `untouched` when nobody has asked for anything. */
  getOperation(poolId: PoolId): Promise<PoolOperation>;
  /** Replaces what operators ask of the pool if `version − 1` is in place. `false` when it is not. */
  saveOperation(poolId: PoolId, operation: PoolOperation): Promise<boolean>;
  /**
   * Lets claims draw tickets, or no longer, in one plain write; exact from then on: no ticket is drawn after it.
   *
   * @param version of the operation that asks for it. `false` when a newer one has set the gate: a late write must not undo it.
   */
  setGate(poolId: PoolId, closed: boolean, version: number): Promise<boolean>;
  /** `undefined` when the cloud made the last cluster that it was asked for. */
  getCapacity(poolId: PoolId): Promise<CapacityBlock | undefined>;
  /** Moves the block if it still is `from`; `undefined` is none. `false` when it is not. */
  saveCapacity(poolId: PoolId, from: CapacityBlock | undefined, to: CapacityBlock | undefined): Promise<boolean>;

  /** `undefined` when the newest build of a cluster came to its end. */
  getBuildFailures(poolId: PoolId): Promise<BuildFailures | undefined>;
  /** Moves the account if it still is `from`; `undefined` is none. `false` when it is not. */
  saveBuildFailures(poolId: PoolId, from: BuildFailures | undefined, to: BuildFailures | undefined): Promise<boolean>;

  getCounters(poolId: PoolId): Promise<PoolCounters>;
  /** One pass over the pool's partition. `undefined` when the pool has no configuration. */
  readPool(poolId: PoolId): Promise<PoolRead | undefined>;
  /** Slots only, in order of number; when `last` is given, up to that one. */
  readSlots(poolId: PoolId, last?: number): Promise<readonly Slot[]>;
  getSlot(poolId: PoolId, n: number): Promise<Slot | undefined>;
  /** Sandboxes waiting in slots before `ticket`. */
  countWaitingBefore(poolId: PoolId, ticket: number): Promise<number>;
  getCluster(poolId: PoolId, clusterId: ClusterId): Promise<Cluster | undefined>;
  /** `undefined` before the cloud has told it, and once the record is closed. */
  getAddress(clusterId: ClusterId): Promise<ClusterAddress | undefined>;
  /** Written before the record that relies on it; a repeated write replaces it. */
  saveAddress(clusterId: ClusterId, address: ClusterAddress): Promise<void>;
  /** A closed record (`deleted`), which no longer lies in its pool's partition. */
  getClosedCluster(clusterId: ClusterId): Promise<ClusterIn<"deleted"> | undefined>;

  /**
   * Draws the next ticket and counts it against the tenant, in one plain write, unless the gate is closed. Not idempotent: a repeated draw is
   * another ticket, and the refiller settles the one nobody uses.
   *
   * @param onlyIfWarm refuses with `empty` unless a cluster is (or was a moment ago) waiting for this ticket.
   */
  drawTicket(poolId: PoolId, tenant: TenantId, tenantQuota: number, onlyIfWarm: boolean): Promise<TicketAnswer>;
  /** Another ticket for a claim that was counted already; `undefined` when `onlyIfWarm` and none is. */
  redrawTicket(poolId: PoolId, onlyIfWarm: boolean): Promise<number | undefined>;
  /** The claim's half. Refused when the slot carries another claim's half or the mark that its ticket is void. */
  takeSlotForSandbox(poolId: PoolId, n: number, half: SandboxHalf): Promise<TakeAnswer>;

  /** The next number for a cluster. Not idempotent: an unused one becomes a hole, which the next cluster fills. */
  nextSlot(poolId: PoolId): Promise<number>;
  /** The cluster's half. Refused when the slot holds another cluster or its ticket is void. Clears `clusterGone`. */
  takeSlotForCluster(poolId: PoolId, n: number, half: ClusterHalf): Promise<TakeAnswer>;

  /**
   * The match: cluster `available → claimed`, sandbox new or `pending → ready`, slot gone; all or nothing.
   *
   * @param sandbox the record to write; version 1 means that it must not exist yet and its owner's quota is taken here,
   *   a higher one that the version before it must be in place.
   */
  match(args: {
    readonly slot: number;
    readonly clusterId: ClusterId;
    readonly sandbox: SandboxIn<"ready">;
    readonly countedTicket: number;
    readonly ownerQuota: number;
    readonly now: Instant;
  }): Promise<MatchAnswer>;

  /** Records a claim that must wait: the sandbox, its owner's quota, and its half of the slot confirmed; all or nothing. */
  enqueue(sandbox: SandboxIn<"pending">, ownerQuota: number): Promise<EnqueueAnswer>;

  /**
   * Voids ticket `n` for this claim. `false` when the slot does not hold its half.
   * The cluster's half, if any, leaves with it: that cluster is placed again by the next pass.
   */
  leaveSlot(poolId: PoolId, n: number, sandboxId: SandboxId): Promise<boolean>;
  /** Voids ticket `n` whose holder died: only while no confirmed sandbox is in it. `removed` when `n ≤ tail`, marked otherwise. */
  abandonTicket(poolId: PoolId, n: number, tail: number): Promise<boolean>;
  /** Takes the cluster's half out; the sandbox's half keeps its place. `false` when the slot does not hold this cluster. */
  dropCluster(poolId: PoolId, n: number, clusterId: ClusterId): Promise<boolean>;

  /**
   * A new cluster row, before any cloud call, if `pass` is still the pool's newest: a pass that was overtaken must not create
   * from what it counted. `false` when it was overtaken, or the id is taken.
   */
  createCluster(cluster: ClusterIn<"requested">, pass: number): Promise<boolean>;
  /**
   * Replaces a cluster's record if `version − 1` is in place. `false` when it is not: somebody else took this step.
   * It changes no owner: a claimed cluster becomes so by `match` only, and a `deleted` one by `closeCluster`.
   */
  saveCluster(cluster: Exclude<Cluster, ClusterIn<"deleted">>): Promise<boolean>;
  /**
   * Takes a warm cluster that nobody meets from its slot, to be torn down or validated again, all or nothing.
   *
   * @param pass when given, only if it still is the pool's newest.
   */
  withdrawCluster(cluster: ClusterIn<"draining" | "validating">, slot: number, pass?: number): Promise<boolean>;
  /**
   * Closes a cluster's record: its address goes, it leaves the pool's partition and is kept for the retention time, and its sandbox, if given,
   * becomes `terminated`, all or nothing. True also when that had happened before.
   */
  closeCluster(cluster: ClusterIn<"deleted">, sandbox?: SandboxIn<"terminated">): Promise<boolean>;

  /** Replaces a closed record if `version − 1` is in place: for what its report must still tell. `false` when it is not. */
  saveClosedCluster(cluster: ClusterIn<"deleted">): Promise<boolean>;

  /** Begins a pass and returns its number, which is higher than every one before. What is read after it is what it may act on. */
  beginPass(poolId: PoolId): Promise<number>;
  /** Keeps what a pass saw, in place of what the one before saw. `false` when it was overtaken. */
  savePass(poolId: PoolId, pass: number, seen: PassRecord): Promise<boolean>;
  /** What the newest pass saw; `undefined` before the first. Need not be read consistently. */
  getOutlook(poolId: PoolId): Promise<Outlook | undefined>;
  /** Moves a tenant's ceiling if it still is `from`. */
  setCeiling(poolId: PoolId, tenant: TenantId, from: number | undefined, to: number): Promise<boolean>;
}
