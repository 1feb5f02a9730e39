import type { Logger } from "@aws-lambda-powertools/logger";
import type { Context, ScheduledEvent, SQSEvent } from "aws-lambda";
import type { PoolId } from "../../shared/domain/ids.ts";
import type { RefillQueue } from "../../shared/ports/queues.ts";
import { type RefillPorts, refillPool } from "../../shared/usecases/refill-pool.ts";
import type { RecordMetrics } from "../metrics.ts";
import { queuePipe, schedulePipe } from "../pipeline.ts";

export interface RefillerPorts extends RefillPorts {
  readonly refill: RefillQueue;
  readonly record: RecordMetrics;
  /** @throws when the message is none of ours. */
  readonly parseMessage: (body: string) => { readonly poolId: PoolId };
}

/**
 * The refiller over its ports. A message is a pass over its pool. The minute's event only nudges every pool, so that those
 * passes line up with all others in the queue that keeps a pool's passes apart.
 */
export function createHandler(ports: RefillerPorts, logger: Logger) {
  const onMessage = queuePipe(logger, async (record) => pass(ports, ports.parseMessage(record.body).poolId, logger));
  const onSchedule = schedulePipe(logger, async () => {
    const configs = await ports.pools.listConfigs();
    await Promise.all(configs.map(({ poolId }) => ports.refill.nudge(poolId, ports.clock())));
  });
  return (event: SQSEvent | ScheduledEvent, context: Context) =>
    "Records" in event ? onMessage(event, context) : onSchedule(event, context);
}

async function pass(ports: RefillerPorts, poolId: PoolId, logger: Logger): Promise<void> {
  const report = await refillPool(ports, poolId);
  if (!report) {
    logger.warn("There is nothing to refill: the pool has no configuration.", { poolId });
    return;
  }
  const { counts, target, classBroken, done } = report;
  logger.info("pass", { poolId, counts, target, classBroken, done });
  ports.record(
    { pool: poolId },
    {
      ClustersAvailable: counts.available,
      ClustersClaimed: counts.claimed,
      ClustersInFlight: counts.inFlight,
      ClustersTearingDown: counts.tearingDown,
      ClustersQuarantined: counts.quarantined,
      ClustersTarget: target,
      ClaimsWaiting: counts.waiting,
      ClassBroken: classBroken ? 1 : 0,
    },
  );
}
