import type { Logger } from "@aws-lambda-powertools/logger";
import type { Finding } from "../../shared/domain/reconcile.ts";
import {
  type OrphanMode,
  type Reconciled,
  type ReconcilePorts,
  reconcileCloud,
} from "../../shared/usecases/reconcile-cloud.ts";
import type { RecordMetrics } from "../metrics.ts";
import { schedulePipe } from "../pipeline.ts";

export interface JanitorPorts extends ReconcilePorts {
  readonly record: RecordMetrics;
  readonly orphans: OrphanMode;
}

/** The janitor over its ports: one pass an invocation. A pass that could not see everything is skipped and fails the invocation. */
export function createHandler(ports: JanitorPorts, logger: Logger) {
  return schedulePipe(logger, async () => {
    const found = await reconcileCloud(ports, ports.orphans).catch((error: unknown) => {
      ports.record({}, { JanitorSkipped: 1 });
      throw error;
    });
    for (const it of found) report(logger, it);
    const count = (kind: Finding["kind"]) => found.filter(({ finding }) => finding.kind === kind);
    // Zeros too: an alarm ends with the pass that finds nothing any more.
    ports.record(
      {},
      {
        ClustersOrphaned: count("orphan").length,
        ResourcesLeaked: count("leak").flatMap(({ finding }) => ("resources" in finding ? finding.resources : []))
          .length,
        ClustersVanished: count("vanished").length,
        GhostsListed: count("ghost").length,
      },
    );
  });
}

/** One line a finding, with its evidence. */
function report(logger: Logger, { finding, action }: Reconciled): void {
  const { kind } = finding;
  if (kind === "vanished") {
    const { id: clusterId, poolId, state } = finding.cluster;
    logger.warn("finding", { kind, action, clusterId, poolId, state });
  } else logger.warn("finding", { action, ...finding });
}
