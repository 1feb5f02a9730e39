import type { ClusterIn } from "./cluster.ts";
import { healthPolicyOf, type PoolConfig, type PoolPolicy } from "./pool.ts";
import { after, type Instant } from "./time.ts";

/** What each mode does, in the words the docs and the console use. */
export const poolModeMeaning = {
  open: "filled, trimmed and claimed from",
  paused: "neither filled nor trimmed; what is warm is still handed out",
  draining: "takes no claims and empties: what is warm goes at once, what is claimed when its sandbox ends",
} as const;
export type PoolMode = keyof typeof poolModeMeaning;

/** What operators have asked of a pool at run time. It outlives deployments, which write the configuration only. */
export interface PoolOperation {
  readonly mode: PoolMode;
  /** In place of the deployment's values, field by field, until an operator takes them back. */
  readonly policyOverride: Partial<PoolPolicy>;
  /** Clusters requested before this moment are stale. */
  readonly recycleBefore?: Instant;
  /** Grows by one with every write; 0 when nobody has asked for anything. */
  readonly version: number;
}

export const untouched: PoolOperation = { mode: "open", policyOverride: {}, version: 0 };

interface Operated {
  readonly config: Pick<PoolConfig, "policy" | "revision" | "health">;
  readonly operation: PoolOperation;
}

/** True for a pool in which the deployment wants no cluster. No operator's wish may keep such a pool from emptying. */
export function isRetired({ policy }: Pick<PoolConfig, "policy">): boolean {
  return policy.maxTotal === 0;
}

/** The policy in force: the deployment's, with what operators put in its place. */
export function effectivePolicy({ config, operation }: Operated): PoolPolicy {
  return isRetired(config) ? config.policy : { ...config.policy, ...operation.policyOverride };
}

/** The mode in force. */
export function effectiveMode({ config, operation }: Operated): PoolMode {
  return isRetired(config) ? "open" : operation.mode;
}

/** True when the warm cluster was built from another class than the pool has now, before the last recycle, or too long ago. */
export function isStale(
  { revision, createdAt, availableAt }: Pick<ClusterIn<"available">, "revision" | "createdAt" | "availableAt">,
  { config, operation }: Operated,
  now: Instant,
): boolean {
  const { maxWarmSeconds } = healthPolicyOf(config);
  const isOutdated = revision !== config.revision || createdAt < (operation.recycleBefore ?? 0);
  return isOutdated || after(availableAt, maxWarmSeconds) <= now;
}
