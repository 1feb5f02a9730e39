import { isDeepStrictEqual } from "node:util";
import type { PoolStore } from "../../ports/pool-store.ts";
import { poolOf, type Records } from "./records.ts";

/** What operators ask of a pool, and what the cloud refuses it. */
export function memoryOperations(
  records: Records,
): Pick<PoolStore, "getOperation" | "saveOperation" | "setGate" | "getCapacity" | "saveCapacity"> {
  return {
    async getOperation(poolId) {
      return poolOf(records, poolId).operation;
    },
    async saveOperation(poolId, operation) {
      const pool = poolOf(records, poolId);
      if (pool.operation.version !== operation.version - 1) return isDeepStrictEqual(pool.operation, operation);
      pool.operation = operation;
      return true;
    },
    async setGate(poolId, closed, version) {
      const pool = poolOf(records, poolId);
      if (pool.gate >= version) return pool.gate === version;
      const { closed: _, ...counters } = pool.counters;
      pool.counters = closed ? { ...counters, closed } : counters;
      pool.gate = version;
      return true;
    },
    async getCapacity(poolId) {
      return poolOf(records, poolId).capacity;
    },
    async saveCapacity(poolId, from, to) {
      const pool = poolOf(records, poolId);
      if (!isDeepStrictEqual(pool.capacity, from)) return isDeepStrictEqual(pool.capacity, to);
      pool.capacity = to;
      return true;
    },
  };
}
