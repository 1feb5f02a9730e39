import { provisionSteps, type StepBudgets, teardownSteps } from "./checklist.ts";
import type { ClusterClass } from "./cluster-class.ts";
import { problemsOfClass } from "./cluster-class-problems.ts";
import type { ConfigProblem } from "./config-problem.ts";
import { defaultHealthPolicy, type HealthPolicy } from "./health.ts";
import type { PoolId } from "./ids.ts";

/** How many warm clusters a pool keeps. */
export interface PoolPolicy {
  /** Warm clusters kept even when nothing is claimed. */
  readonly minWarm: number;
  /** Ceiling over all clusters that exist in the cloud, quarantined ones included. */
  readonly maxTotal: number;
  /** Share of the future total that should be warm, in percent, 0 to 99. */
  readonly bufferPercent: number;
  /** Creates plus deletes under way at once. */
  readonly maxConcurrent: number;
  /** A surplus cluster is trimmed only after it has been warm for this long. */
  readonly trimCoolDownSeconds: number;
}

/** The times of a sandbox. All clocks start at activation, but for the activation deadline itself. */
export interface LeasePolicy {
  readonly defaultTtlSeconds: number;
  readonly maxTtlSeconds: number;
  /** Activation to the latest moment any extension can reach. */
  readonly maxLifetimeSeconds: number;
  readonly activationDeadlineSeconds: number;
  /** How long a claim may wait in the queue, unless the caller says less. */
  readonly maxQueueSeconds: number;
}

export interface QuotaPolicy {
  /** Live sandboxes (pending, ready, active) of one owner, over all pools. Exact. */
  readonly owner: number;
  /** Live sandboxes of one tenant in this pool. Never exceeded; a release is counted at most two passes late. */
  readonly tenant: number;
}

/** A pool as the deployment writes it. */
export interface PoolConfig {
  readonly poolId: PoolId;
  readonly description: string;
  readonly clusterClass: ClusterClass;
  readonly policy: PoolPolicy;
  readonly lease: LeasePolicy;
  readonly quotas: QuotaPolicy;
  /** Where it differs from `defaultHealthPolicy`. */
  readonly health?: Partial<HealthPolicy>;
  /** Seconds that a step of the checklists may take, where they differ from those in `checklist.ts`. */
  readonly stepBudgets?: StepBudgets;
  /** Names the content of `clusterClass`; clusters carry the revision that they were built from. */
  readonly revision: string;
}

/** How the pool's clusters are watched: its own words, and the defaults where it has none. */
export function healthPolicyOf({ health }: Pick<PoolConfig, "health">): HealthPolicy {
  return { ...defaultHealthPolicy, ...health };
}

type Settings = Pick<PoolConfig, "clusterClass" | "policy" | "lease" | "quotas" | "health" | "stepBudgets">;

/** Everything contradictory or out of range in a pool's settings; empty when they can work. */
export function problemsOf(config: Settings): ConfigProblem[] {
  const { clusterClass, policy, lease, quotas } = config;
  const problems: ConfigProblem[] = [];
  const require = (field: string, holds: boolean, problem: string) => holds || problems.push({ field, problem });
  const whole = (field: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER) =>
    require(field, Number.isInteger(value) &&
      value >= min &&
      value <= max, `must be a whole number from ${min} to ${max}`);

  for (const { field, problem } of problemsOfClass(clusterClass)) {
    problems.push({ field: `clusterClass.${field}`, problem });
  }
  whole("policy.minWarm", policy.minWarm, 0);
  whole("policy.maxTotal", policy.maxTotal, 0);
  whole("policy.bufferPercent", policy.bufferPercent, 0, 99);
  whole("policy.maxConcurrent", policy.maxConcurrent, 1);
  whole("policy.trimCoolDownSeconds", policy.trimCoolDownSeconds, 0);
  require("policy.minWarm", policy.minWarm <=
    policy.maxTotal, `must not be above policy.maxTotal (${policy.maxTotal})`);
  whole("lease.defaultTtlSeconds", lease.defaultTtlSeconds, 1);
  whole("lease.maxTtlSeconds", lease.maxTtlSeconds, lease.defaultTtlSeconds);
  whole("lease.maxLifetimeSeconds", lease.maxLifetimeSeconds, lease.maxTtlSeconds);
  whole("lease.activationDeadlineSeconds", lease.activationDeadlineSeconds, 1);
  whole("lease.maxQueueSeconds", lease.maxQueueSeconds, 1);
  whole("quotas.owner", quotas.owner, 1, 1000);
  whole("quotas.tenant", quotas.tenant, 1);
  const health = healthPolicyOf(config);
  whole("health.probeEverySeconds", health.probeEverySeconds, 15, 900);
  whole("health.maxWarmSeconds", health.maxWarmSeconds, 600);
  whole("health.lostAfterSeconds", health.lostAfterSeconds, 30);
  const steps: readonly string[] = [...provisionSteps, ...teardownSteps].map((it) => it.step);
  for (const [step, seconds] of Object.entries(config.stepBudgets ?? {})) {
    require(`stepBudgets.${step}`, steps.includes(step), `is no step; there are ${steps.join(", ")}`);
    whole(`stepBudgets.${step}`, seconds, 1, 86_400);
  }
  return problems;
}
