import type { PoolSettings } from "./config.ts";

const buildBudgets = { create: 60, wait: 60, access: 30, nodes: 60, bootstrap: 30, validate: 30 };
const teardownBudgets = { externals: 15, compute: 20, verify: 15, sweep: 20 };

/**
 * Pools in which things are made to go wrong, on a laptop: what fails has failed within seconds, and clusters are probed as often
 * as can be. Each kind of trouble has a pool of its own, so that several may be made at once.
 *
 * @param pool what they have in common with every other pool.
 */
export function faultPools(pool: PoolSettings): Readonly<Record<string, PoolSettings>> {
  const { kubernetesVersion } = pool.clusterClass;
  const faulty: PoolSettings = {
    ...pool,
    clusterClass: { kubernetesVersion, nodes: 1 },
    policy: { minWarm: 1, maxTotal: 5, bufferPercent: 0, maxConcurrent: 2, trimCoolDownSeconds: 5 },
    quotas: { owner: 5, tenant: 50 },
    // A step gets three attempts in any case.
    stepBudgets: { ...buildBudgets, ...teardownBudgets },
  };
  return {
    builds: {
      ...faulty,
      description: "Builds fail here",
      // A version of its own, so that it can be withdrawn without harm to the others.
      clusterClass: { kubernetesVersion: "1.35", nodes: 1 },
    },
    answers: { ...faulty, description: "The cloud refuses here, or answers late, or not at all" },
    teardowns: { ...faulty, description: "Tear-downs fail here" },
    watched: {
      ...faulty,
      description: "Clusters die here, warm or under their users",
      health: { probeEverySeconds: 15, lostAfterSeconds: 30 },
    },
    nodegroups: {
      ...faulty,
      description: "Node groups fail here",
      clusterClass: { kubernetesVersion, nodes: 1, compute: { instanceTypes: ["m7i.large"] } },
    },
    manifests: {
      ...faulty,
      description: "Kubernetes rejects what every cluster should get here",
      clusterClass: { kubernetesVersion, nodes: 1, manifests: ["manifests/rejected.yaml"] },
      policy: { ...faulty.policy, minWarm: 0 },
    },
  };
}
