import type { PoolId } from "../domain/ids.ts";
import { effectivePolicy, isRetired, type PoolMode, type PoolOperation } from "../domain/operation.ts";
import { type PoolConfig, type PoolPolicy, problemsOf } from "../domain/pool.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { RefillQueue } from "../ports/queues.ts";

export interface OperatePorts {
  readonly pools: PoolStore;
  readonly refill: RefillQueue;
  readonly clock: Clock;
}

/** Fields of a policy to put in place of the deployment's; `null` takes a field back, an absent one stays. */
export type PolicyChange = { readonly [Field in keyof PoolPolicy]?: PoolPolicy[Field] | null | undefined };

type Wish = Omit<PoolOperation, "version">;

/**
 * Opens, pauses or drains a pool; asking again changes nothing. The refiller acts on it from its next pass; a pool that
 * drains refuses claims from this call on. Opening also forgets failed builds: whoever asks for it believes the cause gone.
 */
export async function setPoolMode(ports: OperatePorts, poolId: PoolId, mode: PoolMode): Promise<Result<void, Refusal>> {
  const failures = mode === "open" ? await ports.pools.getBuildFailures(poolId) : undefined;
  if (failures) await ports.pools.saveBuildFailures(poolId, failures, undefined);
  return operate(ports, poolId, (wish) => ok(wish.mode === mode ? wish : { ...wish, mode }));
}

/** Declares every cluster that was requested before now stale; warm ones are replaced one at a time. */
export function recyclePool(ports: OperatePorts, poolId: PoolId): Promise<Result<void, Refusal>> {
  return operate(ports, poolId, (wish) => ok({ ...wish, recycleBefore: ports.clock() }));
}

/** Changes the policy in force; refused, with the field, when the result would contradict itself. */
export function changePolicy(
  ports: OperatePorts,
  poolId: PoolId,
  change: PolicyChange,
): Promise<Result<void, Refusal>> {
  return operate(ports, poolId, (wish, config) => {
    if (isRetired(config)) {
      const detail = "The deployment wants no cluster in this pool (maxTotal 0), and only it can change that.";
      return refuse({ code: "invalid_request", field: "policy", detail });
    }
    const changed = { ...wish, policyOverride: merge(wish.policyOverride, change) };
    const policy = effectivePolicy({ config, operation: { ...changed, version: 0 } });
    const [wrong] = problemsOf({ ...config, policy }).filter(({ field }) => field.startsWith("policy."));
    return wrong ? refuse({ code: "invalid_request", field: wrong.field, detail: wrong.problem }) : ok(changed);
  });
}

function merge(override: Partial<PoolPolicy>, change: PolicyChange): Partial<PoolPolicy> {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const merged = { ...override, ...Object.fromEntries(given) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** Attempts while others change the same pool; operators are few. */
const maxAttempts = 5;

async function operate(
  { pools, refill, clock }: OperatePorts,
  poolId: PoolId,
  decide: (wish: Wish, config: PoolConfig) => Result<Wish, Refusal>,
): Promise<Result<void, Refusal>> {
  // Not `getConfig`, which may answer from a cache: a change is checked against what the deployment says now.
  const view = await pools.readPool(poolId);
  if (!view) return refuse({ code: "pool_not_found", poolId });
  for (let attempts = 1; attempts <= maxAttempts; attempts++) {
    const before = await pools.getOperation(poolId);
    const decided = decide(before, view.config);
    if (!decided.ok) return decided;
    const changes = decided.value !== before;
    const operation = changes ? { ...decided.value, version: before.version + 1 } : before;
    if (changes && !(await pools.saveOperation(poolId, operation))) continue;
    // The gate follows its operation: a crash in between is made good by the next pass, and by the call's repetition.
    if (operation.version > 0) await pools.setGate(poolId, operation.mode === "draining", operation.version);
    await refill.nudge(poolId, clock());
    return ok(undefined);
  }
  throw new Error(`The operation of ${poolId} changed under every one of ${maxAttempts} attempts.`);
}
