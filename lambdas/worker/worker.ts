import type { Logger } from "@aws-lambda-powertools/logger";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import type { AdvanceOutcome, AdvancePorts } from "../../shared/usecases/cluster-step.ts";
import { reapSandbox } from "../../shared/usecases/reap-due.ts";
import { removeOrphan } from "../../shared/usecases/remove-orphan.ts";
import type { MetricName, RecordMetrics } from "../metrics.ts";
import { asError, queuePipe } from "../pipeline.ts";

export interface WorkerPorts extends AdvancePorts {
  readonly record: RecordMetrics;
  /** @throws when the message is none of ours. */
  readonly parseMessage: (body: string) => WorkMessage;
}

/** The worker over its ports: a message is one short step of one cluster, or the end of one sandbox to the second. */
export function createHandler(ports: WorkerPorts, logger: Logger) {
  return queuePipe(logger, async (record) => {
    const message = ports.parseMessage(record.body);
    switch (message.kind) {
      case "advanceCluster": {
        const outcome = await advanceCluster(ports, message);
        const { poolId, clusterId } = message;
        if ("error" in outcome) {
          const { error, ...waiting } = outcome;
          const seen = { poolId, clusterId, outcome: waiting, error: asError(error) };
          logger.error("A step met an answer that nobody expected; it is tried again.", seen);
        } else logger.info(outcome.kind === "deleted" ? "closed" : "step", { poolId, clusterId, outcome });
        const values = valuesOf(outcome);
        if (values) ports.record({ pool: poolId }, values);
        return;
      }
      case "reapSandbox": {
        const outcome = await reapSandbox(ports, message.sandboxId);
        logger.info("reap", { sandboxId: message.sandboxId, outcome });
        if (outcome.kind === "ended") ports.record({ pool: outcome.poolId, reason: outcome.reason }, { Reaped: 1 });
        return;
      }
      case "removeOrphan": {
        const outcome = await removeOrphan(ports, message);
        logger.info("orphan", { clusterId: message.clusterId, attempts: message.attempts, outcome });
      }
    }
  });
}

function valuesOf(outcome: AdvanceOutcome): Partial<Record<MetricName, number>> | undefined {
  switch (outcome.kind) {
    case "available":
      return { ProvisionSeconds: outcome.seconds };
    case "deleted":
      return { TeardownSeconds: outcome.seconds };
    case "failed":
      return { StepFailed: 1 };
    case "quarantined":
      return { ClusterQuarantined: 1 };
    case "waiting":
      return outcome.blocked ? { StepBlocked: 1 } : undefined;
    case "suspected":
      return { ClustersSuspected: 1 };
    case "lost":
      return { SandboxesLost: 1 };
    case "advanced":
      return outcome.supportEndsAt === undefined ? undefined : { VersionSupportEndsSoon: 1 };
    case "cleared":
    case "well":
    case "ailing":
    case "unseen":
    case "nothing":
      return undefined;
  }
}
