import type { Chance } from "./chance.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** How badly a store behaves in this run, in percent of calls. */
export interface StoreFaults {
  /** The call fails before it has any effect. */
  readonly throttled: number;
  /** The call takes effect, its answer is lost, and the SDK sends it again. */
  readonly resent: number;
  /** The call takes effect and the caller sees an error. */
  readonly lost: number;
}

export class Throttled extends Error {
  override readonly name = "ThrottlingException";
}
export class LostAnswer extends Error {
  override readonly name = "TimeoutError";
}

/**
 * A store or queue as one process sees it over a bad network: every call parks before it takes effect, so that others come in
 * between and a crash can hit before it, or after the one before. A process that has made its last call parks once more.
 */
export function overBadNetwork<Port extends object>(
  port: Port,
  process: Process,
  { scheduler, chance, faults }: { scheduler: Scheduler; chance: Chance; faults: StoreFaults },
): Port {
  return new Proxy(port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== "function") return member;
      const label = String(property);
      return async (...args: unknown[]) => {
        await scheduler.step(process, label);
        if (!scheduler.calm && chance.happens(faults.throttled)) throw new Throttled(label);
        let answer: unknown = await member.apply(target, args);
        if (!scheduler.calm && chance.happens(faults.resent)) {
          await scheduler.step(process, `${label} again`);
          answer = await member.apply(target, args);
        }
        if (!scheduler.calm && chance.happens(faults.lost)) throw new LostAnswer(label);
        return answer;
      };
    },
  });
}
