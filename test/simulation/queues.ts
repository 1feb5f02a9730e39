import type { PoolId } from "../../shared/domain/ids.ts";
import type { RefillQueue, WorkMessage, WorkQueue } from "../../shared/ports/queues.ts";
import type { Chance } from "./chance.ts";
import type { Scheduler } from "./scheduler.ts";

/** Runs a consumer; `done` deletes the message, anything else lets it come again. */
export type Consume<Message> = (message: Message, onEnd: (outcome: "done" | "threw" | "killed") => void) => void;

const maxReceives = 5;

/** Standard queue: at least once, late, in any order; what fails five times is dead. */
export function workQueue(scheduler: Scheduler, chance: Chance, consume: Consume<WorkMessage>) {
  let dead = 0;
  const deliver = (message: WorkMessage, receives: number) => {
    consume(message, (outcome) => {
      if (outcome === "done") return;
      if (receives + 1 >= maxReceives) {
        dead++;
        return;
      }
      scheduler.at(scheduler.now() + chance.between(1, 180_000), () => deliver(message, receives + 1));
    });
  };
  const queue: WorkQueue = {
    async send(message, delaySeconds = 0) {
      const copies = !scheduler.calm && chance.happens(5) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        const late = chance.happens(10) ? chance.between(0, 90_000) : chance.between(0, 200);
        scheduler.at(scheduler.now() + delaySeconds * 1000 + late, () => deliver(message, 0));
      }
    },
  };
  return { queue, dead: () => dead };
}

/** FIFO queue by pool: one at a time, the first of a second only, a second late; a slow pass may be overtaken. */
export function refillQueue(scheduler: Scheduler, chance: Chance, consume: Consume<PoolId>) {
  const seen = new Set<string>();
  const waiting = new Map<PoolId, number>();
  const busy = new Set<PoolId>();

  function next(poolId: PoolId) {
    const count = waiting.get(poolId) ?? 0;
    if (count === 0 || busy.has(poolId)) return;
    busy.add(poolId);
    waiting.set(poolId, count - 1);
    let receives = 0;
    const deliver = () => {
      receives++;
      consume(poolId, (outcome) => {
        if (outcome !== "done" && receives < maxReceives) {
          scheduler.at(scheduler.now() + 120_000, deliver);
          return;
        }
        busy.delete(poolId);
        next(poolId);
      });
    };
    deliver();
    // The visibility timeout ran out while the pass was still at work: FIFO then hands the message out again.
    if (!scheduler.calm && chance.happens(3))
      scheduler.at(scheduler.now() + chance.between(1, 200), () => consume(poolId, () => {}));
  }

  const queue: RefillQueue = {
    async nudge(poolId, now) {
      const id = `${poolId}:${Math.floor(now / 1000)}`;
      if (seen.has(id)) return;
      seen.add(id);
      scheduler.at(scheduler.now() + 1000 + chance.between(0, 300), () => {
        waiting.set(poolId, (waiting.get(poolId) ?? 0) + 1);
        next(poolId);
      });
    },
  };
  return queue;
}
