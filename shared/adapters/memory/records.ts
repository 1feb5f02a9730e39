import type { BuildFailures } from "../../domain/build-failures.ts";
import type { CapacityBlock } from "../../domain/capacity.ts";
import type { Cluster, ClusterAddress, ClusterIn } from "../../domain/cluster.ts";
import type { ClassRevision } from "../../domain/cluster-class.ts";
import type { ClusterId, OwnerId, PoolId, SandboxId, TenantId } from "../../domain/ids.ts";
import { type PoolOperation, untouched } from "../../domain/operation.ts";
import type { Outlook } from "../../domain/outlook.ts";
import type { Observation } from "../../domain/plan.ts";
import type { PoolConfig } from "../../domain/pool.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import type { ClusterHalf, PoolCounters, SandboxHalf, Slot } from "../../domain/slot.ts";

/** A slot as it is kept: its marks name who left, so that a repeated departure is recognised. */
export interface SlotRecord {
  readonly n: number;
  readonly sandbox?: SandboxHalf;
  readonly cluster?: ClusterHalf;
  readonly ticketGone?: SandboxId | "dead";
  readonly clusterGone?: ClusterId;
}

export interface PoolRecords {
  config?: PoolConfig;
  operation: PoolOperation;
  capacity: CapacityBlock | undefined;
  buildFailures: BuildFailures | undefined;
  counters: PoolCounters;
  /** Version of the operation that set the gate last. */
  gate: number;
  pass: number;
  observations: readonly Observation[];
  outlook: Outlook | undefined;
  readonly slots: Map<number, SlotRecord>;
  readonly clusters: Map<ClusterId, Cluster>;
}

/** The table: what both memory stores read and write. Each method changes it without awaiting, and so at once. */
export interface Records {
  readonly pools: Map<PoolId, PoolRecords>;
  /** By pool and revision. */
  readonly classes: Map<string, ClassRevision>;
  readonly addresses: Map<ClusterId, ClusterAddress>;
  readonly closed: Map<ClusterId, ClusterIn<"deleted">>;
  readonly sandboxes: Map<SandboxId, Sandbox>;
  readonly live: Map<string, Set<SandboxId>>;
}

export function emptyRecords(): Records {
  return {
    pools: new Map(),
    classes: new Map(),
    addresses: new Map(),
    closed: new Map(),
    sandboxes: new Map(),
    live: new Map(),
  };
}

export function poolOf({ pools }: Records, poolId: PoolId): PoolRecords {
  const existing = pools.get(poolId);
  if (existing) return existing;
  const created: PoolRecords = {
    operation: untouched,
    capacity: undefined,
    buildFailures: undefined,
    counters: { head: 0, tail: 0, drawn: {}, ceiling: {} },
    gate: 0,
    pass: 0,
    observations: [],
    outlook: undefined,
    slots: new Map(),
    clusters: new Map(),
  };
  pools.set(poolId, created);
  return created;
}

export function liveOf({ live }: Records, tenant: TenantId, ownerId: OwnerId): Set<SandboxId> {
  const key = JSON.stringify([tenant, ownerId]);
  const existing = live.get(key);
  if (existing) return existing;
  const created = new Set<SandboxId>();
  live.set(key, created);
  return created;
}

export function toSlot({ n, sandbox, cluster, ticketGone, clusterGone }: SlotRecord): Slot {
  return {
    n,
    ...(sandbox && { sandbox }),
    ...(cluster && { cluster }),
    ticketGone: ticketGone !== undefined,
    clusterGone: clusterGone !== undefined,
  };
}
