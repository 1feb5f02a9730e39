import { isDeepStrictEqual } from "node:util";
import type { PoolStore } from "../../ports/pool-store.ts";
import { poolOf, type Records } from "./records.ts";

type Operations = Pick<
  PoolStore,
  | "getOperation"
  | "saveOperation"
  | "setGate"
  | "getCapacity"
  | "saveCapacity"
  | "getBuildFailures"
  | "saveBuildFailures"
>;

/** What operators ask of a pool, what the cloud refuses it, and what failed in it. */
export function memoryOperations(records: Records): Operations {
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
    async getBuildFailures(poolId) {
      return poolOf(records, poolId).buildFailures;
    },
    async saveBuildFailures(poolId, from, to) {
      const pool = poolOf(records, poolId);
      if (!isDeepStrictEqual(pool.buildFailures, from)) return isDeepStrictEqual(pool.buildFailures, to);
      pool.buildFailures = to;
      return true;
    },
  };
}
