import { Logger } from "@aws-lambda-powertools/logger";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { eksInventory } from "../../shared/adapters/eks/inventory.ts";
import { sqsWorkQueue } from "../../shared/adapters/sqs/work-queue.ts";
import { parseEnvironment } from "../environment.ts";
import { embeddedMetrics } from "../metrics.ts";
import { schema } from "./env.ts";
import { createHandler } from "./janitor.ts";

const environment = parseEnvironment(schema);

export const handler = createHandler(
  {
    inventory: eksInventory({
      eks: new EKSClient(),
      ec2: new EC2Client(),
      elb: new ElasticLoadBalancingV2Client(),
      deploymentId: environment.DEPLOYMENT_ID,
    }),
    pools: dynamoPoolStore({ client: createDocumentClient(), tableName: environment.TABLE_NAME }),
    work: sqsWorkQueue({ client: new SQSClient(), url: environment.WORK_QUEUE_URL }),
    clock: Date.now,
    record: embeddedMetrics(environment.POWERTOOLS_METRICS_NAMESPACE, environment.POWERTOOLS_SERVICE_NAME),
    orphans: environment.ORPHANS,
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
