import { setTimeout as sleep } from "node:timers/promises";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { parseWorkMessage } from "../../shared/adapters/sqs/work-queue.ts";
import { placeCluster } from "../../shared/usecases/place-cluster.ts";
import { aCluster, aHealth } from "../support/builders.ts";
import type { Bench } from "./bench-context.ts";
import { post } from "./claims.ts";

/** How long the stand-in takes to build a cluster: short, so that a minute sees many refills. */
const buildMilliseconds = 2_000;

/**
 * Lets the refiller's bundle answer nudges from now on. The worker's cloud is a stand-in: two seconds after a cluster was
 * requested, the product's own use case places it as a validated one.
 *
 * @returns ends it, after what is under way.
 */
export function startRefilling({ table, queues, refiller }: Bench): () => Promise<void> {
  const ports = { pools: dynamoPoolStore(table), sandboxes: dynamoSandboxStore(table), clock: Date.now };
  const underWay = new Set<Promise<void>>();
  const track = (task: Promise<void>) => {
    underWay.add(task);
    return task.finally(() => underWay.delete(task));
  };
  const build = async (body: string) => {
    const message = parseWorkMessage(body);
    if (message.kind !== "advanceCluster") return;
    await sleep(buildMilliseconds);
    const { poolId, clusterId: id } = message;
    const validating = aCluster.validating({ id, poolId, version: 1, createdAt: Date.now() - buildMilliseconds });
    await placeCluster(ports, validating, aHealth);
  };
  const refill = async (body: string) => {
    await post(refiller.url, queueEvent(body));
  };
  queues.deliver({ refill: (body) => track(refill(body)), work: (body) => track(build(body)) });
  return async () => {
    queues.deliver(undefined);
    await Promise.all(underWay);
  };
}

/** The event of a queue with one message, as Lambda hands it over. */
export function queueEvent(body: string): string {
  return JSON.stringify({
    Records: [{ messageId: "message", body, attributes: { ApproximateReceiveCount: "1" }, eventSource: "aws:sqs" }],
  });
}
