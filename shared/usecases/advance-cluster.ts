import { isInFlight, isTearingDown } from "../domain/cluster.ts";
import type { WorkMessage } from "../ports/queues.ts";
import type { AdvanceOutcome, AdvancePorts } from "./cluster-step.ts";
import { probe } from "./probe-cluster.ts";
import { provision } from "./provision-cluster.ts";
import { tearDown } from "./tear-down-cluster.ts";

/**
 * Takes a cluster one short step along its checklist, or looks whether it is well, and, if more is to come, sends the message
 * for the next. Every step looks before it acts, so a repeated or interrupted one does no harm; the record's version tells
 * duplicates apart.
 */
export async function advanceCluster(
  ports: AdvancePorts,
  message: Extract<WorkMessage, { kind: "advanceCluster" }>,
): Promise<AdvanceOutcome> {
  const cluster = await ports.pools.getCluster(message.poolId, message.clusterId);
  if (!cluster) return { kind: "nothing" };
  const isCurrent = cluster.version === message.version;
  if (cluster.state === "available" || cluster.state === "claimed") {
    // A claim or a new slot changes the record, but sends no message: the one that was sent before asks for the look that is
    // due. Each look moves the time of the next, so that a duplicate finds none due.
    return isCurrent || cluster.health.dueAt <= ports.clock() ? probe(ports, cluster) : { kind: "nothing" };
  }
  if (isCurrent && isInFlight(cluster)) return provision(ports, cluster);
  if (isCurrent && isTearingDown(cluster)) return tearDown(ports, cluster);
  return { kind: "nothing" };
}
