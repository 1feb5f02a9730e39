import { isDeepStrictEqual } from "node:util";
import type { ClusterIn } from "../../domain/cluster.ts";
import { isWaiting } from "../../domain/slot.ts";
import type { PoolStore } from "../../ports/pool-store.ts";
import { memoryOperations } from "./operations.ts";
import { liveOf, poolOf, type Records, toSlot } from "./records.ts";
import { memoryTickets } from "./tickets.ts";

/** Pools in memory, with the promises of the port; single-threaded, so every write is atomic. */
export function memoryPoolStore(records: Records): PoolStore {
  const slotsOf = (poolId: Parameters<PoolStore["readSlots"]>[0]) =>
    [...poolOf(records, poolId).slots.values()].sort((a, b) => a.n - b.n).map(toSlot);
  return {
    ...memoryTickets(records),
    ...memoryOperations(records),

    async listConfigs() {
      return [...records.pools.values()]
        .flatMap(({ config }) => config ?? [])
        .sort((a, b) => (a.poolId < b.poolId ? -1 : 1));
    },
    async getConfig(poolId) {
      return records.pools.get(poolId)?.config;
    },
    async putConfig(config) {
      poolOf(records, config.poolId).config = config;
    },
    async getClass(poolId, revision) {
      return records.classes.get(`${poolId} ${revision}`);
    },
    async saveClass(poolId, built) {
      records.classes.set(`${poolId} ${built.revision}`, built);
    },
    async getCounters(poolId) {
      return poolOf(records, poolId).counters;
    },
    async readPool(poolId) {
      const { config, operation, capacity, buildFailures, counters, observations, clusters } = poolOf(records, poolId);
      if (!config) return undefined;
      const slots = slotsOf(poolId);
      const rows = { slots, clusters: [...clusters.values()] };
      return {
        config,
        operation,
        ...(capacity && { capacity }),
        ...(buildFailures && { buildFailures }),
        counters,
        ...rows,
        observations,
        pages: 1,
      };
    },
    async readSlots(poolId, last = Number.MAX_SAFE_INTEGER) {
      return slotsOf(poolId).filter(({ n }) => n <= last);
    },
    async getSlot(poolId, n) {
      const slot = poolOf(records, poolId).slots.get(n);
      return slot && toSlot(slot);
    },
    async countWaitingBefore(poolId, ticket) {
      return slotsOf(poolId).filter((it) => it.n < ticket && isWaiting(it)).length;
    },
    async getCluster(poolId, clusterId) {
      return poolOf(records, poolId).clusters.get(clusterId);
    },
    async getClosedCluster(clusterId) {
      return records.closed.get(clusterId);
    },
    async getAddress(clusterId) {
      return records.addresses.get(clusterId);
    },
    async saveAddress(clusterId, address) {
      records.addresses.set(clusterId, address);
    },

    async match({ slot: n, clusterId, sandbox, countedTicket, ownerQuota, now }) {
      const { slots, clusters } = poolOf(records, sandbox.poolId);
      const isNew = sandbox.version === 1;
      const inPlace = records.sandboxes.get(sandbox.id);
      if (inPlace?.state === "ready" && inPlace.clusterId === clusterId) return { kind: "matched", sandbox: inPlace };
      if (isNew ? inPlace : inPlace?.state !== "pending" || inPlace.version !== sandbox.version - 1) {
        return { kind: "sandboxMoved", sandbox: inPlace };
      }
      const live = liveOf(records, sandbox.tenant, sandbox.ownerId);
      if (isNew && live.size >= ownerQuota) return { kind: "ownerQuota" };
      const slot = slots.get(n);
      if (slot?.sandbox?.sandboxId !== sandbox.id) return { kind: "slotMoved" };
      const cluster = clusters.get(clusterId);
      if (cluster?.state !== "available" || cluster.slot !== n) return { kind: "clusterMoved" };
      if (slot.cluster?.clusterId !== clusterId) return { kind: "slotMoved" };

      const { slot: _, ...kept } = cluster;
      const claimed: ClusterIn<"claimed"> = {
        ...kept,
        state: "claimed",
        sandboxId: sandbox.id,
        tenant: sandbox.tenant,
        ownerId: sandbox.ownerId,
        countedTicket,
        claimedAt: now,
        updatedAt: now,
        version: cluster.version + 1,
      };
      clusters.set(clusterId, claimed);
      records.sandboxes.set(sandbox.id, sandbox);
      if (isNew) live.add(sandbox.id);
      slots.delete(n);
      return { kind: "matched", sandbox };
    },

    async enqueue(sandbox, ownerQuota) {
      const { slots } = poolOf(records, sandbox.poolId);
      const inPlace = records.sandboxes.get(sandbox.id);
      if (inPlace) {
        const isOwn = inPlace.state === "pending" && inPlace.ticket === sandbox.ticket;
        return isOwn ? { kind: "enqueued" } : { kind: "exists", sandbox: inPlace };
      }
      const live = liveOf(records, sandbox.tenant, sandbox.ownerId);
      if (live.size >= ownerQuota) return { kind: "ownerQuota" };
      const slot = slots.get(sandbox.ticket);
      if (slot?.sandbox?.sandboxId !== sandbox.id) return { kind: "slotMoved" };
      records.sandboxes.set(sandbox.id, sandbox);
      live.add(sandbox.id);
      slots.set(sandbox.ticket, { ...slot, sandbox: { ...slot.sandbox, confirmed: true } });
      return { kind: "enqueued" };
    },

    async createCluster(cluster, pass) {
      const pool = poolOf(records, cluster.poolId);
      const { clusters } = pool;
      const inPlace = clusters.get(cluster.id);
      if (inPlace) return isDeepStrictEqual(inPlace, cluster);
      if (pool.pass !== pass) return false;
      clusters.set(cluster.id, cluster);
      return true;
    },
    async saveCluster(cluster) {
      const { clusters } = poolOf(records, cluster.poolId);
      const inPlace = clusters.get(cluster.id);
      if (inPlace?.version !== cluster.version - 1) return isDeepStrictEqual(inPlace, cluster);
      clusters.set(cluster.id, cluster);
      return true;
    },
    async withdrawCluster(cluster, n, onlyInPass) {
      const { slots, clusters, pass } = poolOf(records, cluster.poolId);
      const inPlace = clusters.get(cluster.id);
      const slot = slots.get(n);
      if (isDeepStrictEqual(inPlace, cluster)) return true;
      if (onlyInPass !== undefined && onlyInPass !== pass) return false;
      if (inPlace?.state !== "available" || inPlace.slot !== n || inPlace.version !== cluster.version - 1) return false;
      if (slot?.cluster?.clusterId !== cluster.id || slot.sandbox) return false;
      clusters.set(cluster.id, cluster);
      slots.set(n, { n, clusterGone: cluster.id });
      return true;
    },
    async closeCluster(cluster, sandbox) {
      const { clusters } = poolOf(records, cluster.poolId);
      if (records.closed.has(cluster.id)) return true;
      if (clusters.get(cluster.id)?.version !== cluster.version - 1) return false;
      if (sandbox) {
        const inPlace = records.sandboxes.get(sandbox.id);
        if (inPlace?.state !== "terminating" || inPlace.version !== sandbox.version - 1) return false;
        records.sandboxes.set(sandbox.id, sandbox);
      }
      clusters.delete(cluster.id);
      records.addresses.delete(cluster.id);
      records.closed.set(cluster.id, cluster);
      return true;
    },
    async saveClosedCluster(cluster) {
      const inPlace = records.closed.get(cluster.id);
      if (inPlace?.version !== cluster.version - 1) return isDeepStrictEqual(inPlace, cluster);
      records.closed.set(cluster.id, cluster);
      return true;
    },

    async beginPass(poolId) {
      const pool = poolOf(records, poolId);
      pool.pass += 1;
      return pool.pass;
    },
    async savePass(poolId, pass, { observations, outlook }) {
      const pool = poolOf(records, poolId);
      if (pool.pass !== pass) return false;
      pool.observations = observations;
      pool.outlook = outlook;
      return true;
    },
    async getOutlook(poolId) {
      return poolOf(records, poolId).outlook;
    },
    async setCeiling(poolId, tenant, from, to) {
      const pool = poolOf(records, poolId);
      const present = pool.counters.ceiling[tenant];
      if (present === to) return true;
      if (present !== from) return false;
      pool.counters = { ...pool.counters, ceiling: { ...pool.counters.ceiling, [tenant]: to } };
      return true;
    },
  };
}
