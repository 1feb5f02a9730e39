import type { PoolSettings } from "./config.ts";

/**
 * A pool whose clusters live for a minute or two, on a laptop, while everything around them is made to fail: leases end, and what
 * hangs is given up, within the run. Few clusters, since each is a control plane on the same machine.
 *
 * @param pool what it has in common with every other pool.
 */
export function chaosPool(pool: PoolSettings): PoolSettings {
  return {
    ...pool,
    description: "Short leases, for a run of chaos",
    clusterClass: { ...pool.clusterClass, nodes: 1 },
    policy: { minWarm: 2, maxTotal: 5, bufferPercent: 0, maxConcurrent: 3, trimCoolDownSeconds: 30 },
    lease: {
      defaultTtlSeconds: 60,
      maxTtlSeconds: 120,
      maxLifetimeSeconds: 180,
      activationDeadlineSeconds: 20,
      maxQueueSeconds: 90,
    },
    quotas: { owner: 4, tenant: 20 },
    health: { probeEverySeconds: 15, lostAfterSeconds: 45 },
    stepBudgets: {
      create: 90,
      wait: 90,
      access: 60,
      bootstrap: 30,
      validate: 45,
      revoke: 20,
      inventory: 30,
      externals: 30,
      compute: 60,
      interfaces: 60,
      cluster: 90,
      verify: 90,
      sweep: 60,
    },
  };
}
