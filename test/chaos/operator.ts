import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";
import type { Ledger } from "./ledger.ts";

/** The pool as the API last told it. */
export interface PoolLook {
  readonly available: number;
  readonly claimed: number;
  readonly inFlight: number;
  readonly tearingDown: number;
  readonly quarantined: number;
  readonly waiting: number;
  readonly total: number;
}

/** Whoever runs the deployment: looks at the pool, and does what the runbook says. */
export interface Operator {
  /** What the last look saw; undefined before the first. */
  readonly last: PoolLook | undefined;
  /** Clusters that were taken back into their tear-down. */
  readonly retried: ReadonlySet<string>;
  readonly resumed: number;
  /** Looks once; answers undefined when the API does not answer. */
  look(): Promise<PoolLook | undefined>;
  /** Looks until `signal` says stop, and does what the runbook says of what it sees. */
  watch(signal: AbortSignal): Promise<void>;
  drain(): Promise<void>;
  /** Takes every quarantined cluster back into its tear-down, once what may have held it up is out of the way. */
  retryQuarantined(): Promise<void>;
}

const lookEveryMs = 2_000;

interface ClusterItem {
  readonly id: string;
  readonly state: string;
}

/**
 * An operator of the pool.
 *
 * @param clearTheWay removes in the cloud, by hand, what a quarantined cluster's tear-down cannot.
 */
export function operate(
  api: Api,
  poolId: string,
  ledger: Ledger,
  clearTheWay: (clusterId: string) => Promise<void>,
): Operator {
  let last: PoolLook | undefined;
  let isBroken = false;
  let resumed = 0;
  const retried = new Set<string>();
  const path = `/v1/pools/${poolId}`;
  const clusters = async (): Promise<readonly ClusterItem[] | undefined> => {
    const answer = await api.ask(`${path}/clusters`, { withinMs: 5_000 });
    const items: readonly ClusterItem[] | undefined = answer?.status === 200 ? answer.body.items : undefined;
    for (const { id } of items ?? []) ledger.sawCluster(id);
    return items;
  };
  const look = async (): Promise<PoolLook | undefined> => {
    const [pool, items] = await Promise.all([api.ask(path, { withinMs: 5_000 }), clusters()]);
    if (pool?.status !== 200 || items === undefined) return undefined;
    isBroken = pool.body.lastError?.isBroken === true;
    last = pool.body.counts as PoolLook;
    return last;
  };
  const retryQuarantined = async (): Promise<void> => {
    for (const { id, state } of (await clusters()) ?? []) {
      if (state !== "quarantined") continue;
      await clearTheWay(id);
      const answer = await api.ask(`/v1/clusters/${id}/retry`, { method: "POST" });
      if (answer !== undefined && answer.status < 300) retried.add(id);
    }
  };
  return {
    get last() {
      return last;
    },
    get resumed() {
      return resumed;
    },
    retried,
    look,
    watch: async (signal) => {
      while (!signal.aborted) {
        const seen = await look();
        // What the cloud does not take now is tried at the next look.
        if (seen !== undefined && seen.quarantined > 0) await retryQuarantined().catch(() => {});
        if (isBroken) {
          resumed += 1;
          await api.ask(`${path}/resume`, { method: "POST", signal });
        }
        await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
      }
    },
    drain: async () => {
      const answer = await api.ask(`${path}/drain`, { method: "POST" });
      if (answer?.status !== 200) throw new Error(`The pool could not be drained: ${JSON.stringify(answer?.body)}`);
    },
    retryQuarantined,
  };
}
