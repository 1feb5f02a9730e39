import { isInFlight, isTearingDown } from "../domain/cluster.ts";
import type { WorkMessage } from "../ports/queues.ts";
import type { AdvanceOutcome, AdvancePorts } from "./cluster-step.ts";
import { probe } from "./probe-cluster.ts";
import { provision } from "./provision-cluster.ts";
import { tearDown } from "./tear-down-cluster.ts";

/**
 * Takes a cluster one short step along its checklist, or looks whether it is well, and, if more is to come, sends the message
 * for the next. Every step
 * looks before it acts, so a repeated or interrupted one does no harm; the record's version tells duplicates apart.
 */
export async function advanceCluster(
  ports: AdvancePorts,
  message: Extract<WorkMessage, { kind: "advanceCluster" }>,
): Promise<AdvanceOutcome> {
  const cluster = await ports.pools.getCluster(message.poolId, message.clusterId);
  if (!cluster || cluster.version !== message.version) return { kind: "nothing" };
  if (isInFlight(cluster)) return provision(ports, cluster);
  if (isTearingDown(cluster)) return tearDown(ports, cluster);
  if (cluster.state === "available" || cluster.state === "claimed") return probe(ports, cluster);
  return { kind: "nothing" };
}
