import { Logger } from "@aws-lambda-powertools/logger";
import { EKSClient } from "@aws-sdk/client-eks";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { eksVersions } from "../../shared/adapters/eks/versions.ts";
import { sqsRefillQueue } from "../../shared/adapters/sqs/refill-queue.ts";
import { parseEnvironment } from "../environment.ts";
import { createHandler } from "./configurer.ts";
import { respondByPut } from "./custom-resource.ts";
import { schema } from "./env.ts";

const environment = parseEnvironment(schema);

export const handler = createHandler(
  {
    pools: dynamoPoolStore({ client: createDocumentClient(), tableName: environment.TABLE_NAME }),
    refill: sqsRefillQueue({ client: new SQSClient(), url: environment.REFILL_QUEUE_URL }),
    versions: eksVersions(new EKSClient()),
    clock: Date.now,
  },
  respondByPut,
  new Logger(),
);
