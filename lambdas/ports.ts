import { SQSClient } from "@aws-sdk/client-sqs";
import { createDocumentClient } from "../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../shared/adapters/dynamodb/sandbox-store.ts";
import { sqsRefillQueue } from "../shared/adapters/sqs/refill-queue.ts";
import { sqsWorkQueue } from "../shared/adapters/sqs/work-queue.ts";
import { embeddedMetrics } from "./metrics.ts";

/** The variables that `portsOf` reads. */
export interface PortsEnvironment {
  readonly TABLE_NAME: string;
  readonly REFILL_QUEUE_URL: string;
  readonly WORK_QUEUE_URL: string;
  readonly POWERTOOLS_METRICS_NAMESPACE: string;
  readonly POWERTOOLS_SERVICE_NAME: string;
}

/** What every function has that works on the table and both queues; made once, at cold start. */
export function portsOf(environment: PortsEnvironment) {
  const table = { client: createDocumentClient(), tableName: environment.TABLE_NAME };
  const sqs = new SQSClient();
  return {
    pools: dynamoPoolStore(table),
    sandboxes: dynamoSandboxStore(table),
    refill: sqsRefillQueue({ client: sqs, url: environment.REFILL_QUEUE_URL }),
    work: sqsWorkQueue({ client: sqs, url: environment.WORK_QUEUE_URL }),
    clock: Date.now,
    record: embeddedMetrics(environment.POWERTOOLS_METRICS_NAMESPACE, environment.POWERTOOLS_SERVICE_NAME),
  };
}
