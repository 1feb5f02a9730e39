import * as z from "zod/mini";
import type { BuildFailures } from "../../domain/build-failures.ts";
import type { CapacityBlock } from "../../domain/capacity.ts";
import type { Cluster, ClusterAddress, ClusterIn } from "../../domain/cluster.ts";
import type { TenantId } from "../../domain/ids.ts";
import { deadlineOf } from "../../domain/lease.ts";
import { type PoolOperation, untouched } from "../../domain/operation.ts";
import type { PoolConfig } from "../../domain/pool.ts";
import { isLive, type Sandbox } from "../../domain/sandbox.ts";
import type { PoolCounters, Slot } from "../../domain/slot.ts";
import { clusterRetentionDays, sandboxRetentionDays } from "../../domain/table.ts";
import { after, type Instant } from "../../domain/time.ts";
import type { Item } from "./attributes.ts";
import { closedClusterKey, dueKey, poolKeys, sandboxKey } from "./keys.ts";
import {
  addressSchema,
  buildFailuresSchema,
  capacitySchema,
  clusterSchema,
  configSchema,
  deletedCluster,
  operationSchema,
  planSchema,
  sandboxSchema,
  slotSchema,
} from "./schemas.ts";

/** When the table forgets a record, in the seconds that it counts in. */
function forgetAt(from: Instant, days: number): number {
  return Math.ceil(after(from, days * 86_400) / 1000);
}

/** Texts that sort as the sandboxes were created. */
export function createdKey({ createdAt, id }: Pick<Sandbox, "createdAt" | "id">): string {
  return `${new Date(createdAt).toISOString()}#${id}`;
}

export function encodeSandbox(sandbox: Sandbox): Item {
  const indexed = { tenantKey: sandbox.tenant, createdKey: createdKey(sandbox) };
  const live = isLive(sandbox) && { dueKey: dueKey(sandbox.poolId), dueAt: deadlineOf(sandbox).at };
  const endedAt = sandbox.state === "terminated" ? sandbox.terminatedAt : "endedAt" in sandbox && sandbox.endedAt;
  return {
    ...sandboxSchema.parse(sandbox),
    ...sandboxKey(sandbox.id),
    ...indexed,
    ...live,
    ...(endedAt !== false && { ttl: forgetAt(endedAt, sandboxRetentionDays) }),
  };
}

export function decodeSandbox(item: Item): Sandbox {
  return sandboxSchema.parse(item);
}

export function encodeCluster(cluster: Cluster): Item {
  return { ...clusterSchema.parse(cluster), ...poolKeys.cluster(cluster.poolId, cluster.id) };
}

export function encodeClosedCluster(cluster: ClusterIn<"deleted">): Item {
  return {
    ...deletedCluster.parse(cluster),
    ...closedClusterKey(cluster.id),
    ttl: forgetAt(cluster.deletedAt, clusterRetentionDays),
  };
}

export function decodeCluster(item: Item): Cluster {
  return clusterSchema.parse(item);
}

export function decodeClosedCluster(item: Item): ClusterIn<"deleted"> {
  return deletedCluster.parse(item);
}

export function encodeAddress(address: ClusterAddress): Item {
  return addressSchema.parse(address);
}

export function decodeAddress(item: Item): ClusterAddress {
  return addressSchema.parse(item);
}

export function encodeConfig(config: PoolConfig): Item {
  return configSchema.parse(config);
}

export function decodeConfig(item: Item): PoolConfig {
  return configSchema.parse(item);
}

export function encodeOperation(operation: PoolOperation): Item {
  return operationSchema.parse(operation);
}

export function decodeOperation(item: Item | undefined): PoolOperation {
  return item ? operationSchema.parse(item) : untouched;
}

export function encodeCapacity(block: CapacityBlock): Item {
  return capacitySchema.parse(block);
}

export function decodeCapacity(item: Item): CapacityBlock {
  return capacitySchema.parse(item);
}

export function encodeBuildFailures(failures: BuildFailures): Item {
  return buildFailuresSchema.parse(failures);
}

export function decodeBuildFailures(item: Item): BuildFailures {
  return buildFailuresSchema.parse(item);
}

export function decodeSlot(item: Item): Slot {
  const { n, ticketGone, clusterGone, ...it } = slotSchema.parse(item);
  const { sandboxId, tenant, ownerId, countedTicket, sandboxSince, clusterId, clusterSince } = it;
  return {
    n,
    ...(sandboxId !== undefined &&
      tenant !== undefined &&
      ownerId !== undefined &&
      countedTicket !== undefined &&
      sandboxSince !== undefined && {
        sandbox: {
          sandboxId,
          tenant,
          ownerId,
          countedTicket,
          since: sandboxSince,
          confirmed: it.confirmed === true,
        },
      }),
    ...(clusterId !== undefined && clusterSince !== undefined && { cluster: { clusterId, since: clusterSince } }),
    ticketGone: ticketGone !== undefined,
    clusterGone: clusterGone !== undefined,
  };
}

/** Attributes of the counters' item, one for each tenant. */
export const drawnAttribute = (tenant: TenantId) => `drawn#${tenant}`;
export const ceilingAttribute = (tenant: TenantId) => `ceiling#${tenant}`;

const byTenant = z.record(z.string(), z.number());

export function decodeCounters(item: Item = {}): PoolCounters {
  const numbers = byTenant.parse(Object.fromEntries(Object.entries(item).filter(([, it]) => typeof it === "number")));
  const withPrefix = (prefix: string) =>
    Object.fromEntries(
      Object.entries(numbers).flatMap(([name, it]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), it]] : [],
      ),
    );
  return {
    head: numbers.head ?? 0,
    tail: numbers.tail ?? 0,
    drawn: withPrefix("drawn#"),
    ceiling: withPrefix("ceiling#"),
    ...(item.closed === true && { closed: true }),
  };
}

/** The newest pass, 0 before the first, and what passes saw. */
export function decodePlan(item: Item = { pass: 0 }) {
  const { pass, observations = [], outlook } = planSchema.parse(item);
  return { pass, observations, outlook };
}
