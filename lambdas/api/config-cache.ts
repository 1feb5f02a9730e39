import type { PoolId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";

/** Longest time that a changed configuration goes unseen here; the claim protocol itself never depends on it. */
const freshMilliseconds = 30_000;

interface Entry<T> {
  readonly readAt: number;
  readonly value: Promise<T>;
}

/**
 * The store with pool configurations kept for half a minute: they change with a deployment only, and a claim would
 * otherwise read one each time. Unknown pools and failed reads are not remembered.
 */
export function withConfigCache(pools: PoolStore, clock: Clock): PoolStore {
  const byPool = new Map<PoolId, Entry<PoolConfig | undefined>>();
  const isFresh = (entry: Entry<unknown> | undefined) =>
    entry !== undefined && clock() - entry.readAt < freshMilliseconds;

  return {
    ...pools,
    getConfig: async (poolId) => {
      const known = byPool.get(poolId);
      if (known && isFresh(known)) return known.value;
      const value = pools.getConfig(poolId);
      byPool.set(poolId, { readAt: clock(), value });
      const config = await value.catch((error: unknown) => {
        byPool.delete(poolId);
        throw error;
      });
      if (!config) byPool.delete(poolId);
      return config;
    },
  };
}
