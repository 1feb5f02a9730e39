import type { Logger } from "@aws-lambda-powertools/logger";
import type { RefillQueue, WorkQueue } from "../../shared/ports/queues.ts";

interface Queues {
  readonly refill: RefillQueue;
  readonly work: WorkQueue;
}

/**
 * The queues with faults logged instead of thrown. What a caller asked for is in the table by then, or about to be: a lost
 * message costs a minute, until the refiller's next pass makes it good, and must not turn a claim that a warm cluster
 * serves into an error.
 */
export function bestEffort({ refill, work }: Queues, logger: Logger): Queues {
  const tolerate = (error: unknown) => {
    logger.error("A message could not be sent; the refiller's next pass makes it good.", { error });
  };
  return {
    refill: { nudge: (...args) => refill.nudge(...args).catch(tolerate) },
    work: { send: (...args) => work.send(...args).catch(tolerate) },
  };
}
