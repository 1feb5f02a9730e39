import type { PoolId } from "../../shared/domain/ids.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import type { Chance } from "../simulation/chance.ts";
import type { Job } from "./messages.ts";

interface Message {
  readonly id: number;
  readonly job: Job;
  dueAt: number;
}

/**
 * The queues between the processes, kept by the parent: standard queues deliver at least once and in any order, the
 * refill queue one pass at a time. A message whose consumer dies or fails comes again.
 */
export interface Queues<Consumer> {
  send(message: WorkMessage, delaySeconds: number): void;
  /** Comes a second later; nudges meanwhile count as one. */
  nudge(poolId: PoolId): void;
  /** Likewise counts as one until it is delivered. */
  sweep(): void;
  done(id: number, succeeded: boolean): void;
  /** Messages that the consumer had not done come again. */
  died(consumer: Consumer): void;
  /** Hands out what is due. */
  pump(): void;
  /** Nothing is due and nothing under way. */
  isQuiet(): boolean;
  /** No message comes twice on purpose any more. */
  calm(): void;
}

const duplicatePercent = 5;
/** A failed or orphaned message comes again after this long. */
const redeliverSeconds = 2;

export function createQueues<Consumer>(
  chance: Chance,
  clock: () => number,
  deliver: (id: number, job: Job) => Consumer | undefined,
): Queues<Consumer> {
  const waiting = new Set<Message>();
  const underWay = new Map<number, { readonly message: Message; readonly consumer: Consumer }>();
  let ids = 0;
  let duplicating = true;

  const add = (job: Job, delaySeconds: number) => waiting.add({ id: ++ids, job, dueAt: clock() + delaySeconds * 1000 });
  const again = (message: Message) => waiting.add({ ...message, dueAt: clock() + redeliverSeconds * 1000 });
  const waits = (kind: Job["kind"]) => [...waiting].some(({ job }) => job.kind === kind);
  const isRefilling = () => [...underWay.values()].some(({ message }) => message.job.kind === "refill");
  const due = () => [...waiting].filter(({ dueAt }) => dueAt <= clock());

  return {
    send(message, delaySeconds) {
      add(message, delaySeconds);
      if (duplicating && chance.happens(duplicatePercent)) add(message, delaySeconds + chance.between(0, 5));
    },
    nudge(poolId) {
      if (!waits("refill")) add({ kind: "refill", poolId }, 1);
    },
    sweep() {
      if (!waits("sweep")) add({ kind: "sweep" }, 0);
    },
    done(id, succeeded) {
      const message = underWay.get(id)?.message;
      underWay.delete(id);
      if (message && !succeeded) again(message);
    },
    died(consumer) {
      for (const [id, it] of underWay) {
        if (it.consumer !== consumer) continue;
        underWay.delete(id);
        again(it.message);
      }
    },
    pump() {
      for (const message of due()) {
        if (message.job.kind === "refill" && isRefilling()) continue;
        const consumer = deliver(message.id, message.job);
        if (!consumer) return;
        waiting.delete(message);
        underWay.set(message.id, { message, consumer });
      }
    },
    isQuiet: () => underWay.size === 0 && due().length === 0,
    calm() {
      duplicating = false;
    },
  };
}
