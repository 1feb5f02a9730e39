import type { Logger } from "@aws-lambda-powertools/logger";
import type { EndPorts } from "../../shared/usecases/end-sandbox.ts";
import { reapDue } from "../../shared/usecases/reap-due.ts";
import type { RecordMetrics } from "../metrics.ts";
import { schedulePipe } from "../pipeline.ts";

export interface ReaperPorts extends EndPorts {
  readonly record: RecordMetrics;
}

/** The reaper over its ports: every minute, everything that is due or falls due within the minute. */
export function createHandler(ports: ReaperPorts, logger: Logger) {
  return schedulePipe(logger, async () => {
    const { ended, scheduled } = await reapDue(ports);
    const byPool = Map.groupBy(ended, (it) => it.poolId);
    for (const [pool, ofPool] of byPool) {
      const byReason = Map.groupBy(ofPool, (it) => it.reason);
      for (const [reason, all] of byReason) ports.record({ pool, reason }, { Reaped: all.length });
    }
    logger.info("sweep", { ended: ended.length, scheduled });
  });
}
