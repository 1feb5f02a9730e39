import type { PoolSettings } from "./config.ts";

/**
 * Pools in which things are made to go wrong, on a laptop: what fails has failed within seconds, and clusters are probed as often
 * as can be. Each kind of trouble has a pool of its own, so that several may be made at once.
 *
 * @param pool what they have in common with every other pool.
 */
export function faultPools(pool: PoolSettings): Readonly<Record<string, PoolSettings>> {
  const faulty: PoolSettings = {
    ...pool,
    clusterClass: { kubernetesVersion: pool.clusterClass.kubernetesVersion, nodes: 1 },
    policy: { minWarm: 1, maxTotal: 5, bufferPercent: 0, maxConcurrent: 2, trimCoolDownSeconds: 5 },
    quotas: { owner: 5, tenant: 50 },
    // A step gets three attempts in any case, so less would change nothing.
    stepBudgets: {
      create: 60,
      wait: 60,
      access: 30,
      bootstrap: 30,
      validate: 30,
      externals: 15,
      compute: 20,
      verify: 15,
    },
  };
  return {
    builds: { ...faulty, description: "Builds fail here" },
    teardowns: { ...faulty, description: "Tear-downs fail here" },
    watched: {
      ...faulty,
      description: "Clusters die here, warm or under their users",
      health: { probeEverySeconds: 15, lostAfterSeconds: 30 },
    },
  };
}
