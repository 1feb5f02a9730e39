import { setTimeout as sleep } from "node:timers/promises";
import { Logger } from "@aws-lambda-powertools/logger";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { sqsRefillQueue } from "../../shared/adapters/sqs/refill-queue.ts";
import { sqsWorkQueue } from "../../shared/adapters/sqs/work-queue.ts";
import { parseEnvironment } from "../environment.ts";
import { embeddedMetrics } from "../metrics.ts";
import { createHandler } from "./api.ts";
import { schema } from "./env.ts";

const environment = parseEnvironment(schema);
const { POWERTOOLS_METRICS_NAMESPACE: namespace, POWERTOOLS_SERVICE_NAME: serviceName } = environment;
const table = { client: createDocumentClient(), tableName: environment.TABLE_NAME };
const sqs = new SQSClient();

export const handler = createHandler(
  {
    pools: dynamoPoolStore(table),
    sandboxes: dynamoSandboxStore(table),
    refill: sqsRefillQueue({ client: sqs, url: environment.REFILL_QUEUE_URL }),
    work: sqsWorkQueue({ client: sqs, url: environment.WORK_QUEUE_URL }),
    clock: Date.now,
    sleep,
    record: embeddedMetrics(namespace, serviceName),
  },
  new Logger({ serviceName }),
);
