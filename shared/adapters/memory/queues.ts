import type { PoolId } from "../../domain/ids.ts";
import type { RefillQueue, WorkMessage, WorkQueue } from "../../ports/queues.ts";

export interface MemoryQueues {
  readonly refill: RefillQueue;
  readonly work: WorkQueue;
  /** Nudges that were not duplicates of an earlier one, oldest first. */
  readonly nudges: readonly { readonly poolId: PoolId; readonly second: number }[];
  /** Everything sent, oldest first. */
  readonly sent: readonly { readonly message: WorkMessage; readonly delaySeconds: number }[];
}

/** Queues that record what was sent; a pool's nudges of one second count as one. */
export function memoryQueues(): MemoryQueues {
  const nudges: { poolId: PoolId; second: number }[] = [];
  const sent: { message: WorkMessage; delaySeconds: number }[] = [];
  return {
    nudges,
    sent,
    refill: {
      async nudge(poolId, now) {
        const second = Math.floor(now / 1000);
        if (!nudges.some((it) => it.poolId === poolId && it.second === second)) nudges.push({ poolId, second });
      },
    },
    work: {
      async send(message, delaySeconds = 0) {
        if (delaySeconds < 0 || delaySeconds > 900)
          throw new RangeError(`A delay of ${delaySeconds} s is not 0 to 900.`);
        sent.push({ message, delaySeconds });
      },
    },
  };
}
