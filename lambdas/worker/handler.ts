import { Logger } from "@aws-lambda-powertools/logger";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { eksProvider } from "../../shared/adapters/eks/provider.ts";
import { clusterToken } from "../../shared/adapters/eks/token.ts";
import { kubernetesAdministration } from "../../shared/adapters/kubernetes/administration.ts";
import { sqsRefillQueue } from "../../shared/adapters/sqs/refill-queue.ts";
import { parseWorkMessage, sqsWorkQueue } from "../../shared/adapters/sqs/work-queue.ts";
import { parseEnvironment } from "../environment.ts";
import { embeddedMetrics } from "../metrics.ts";
import { schema } from "./env.ts";
import { createHandler } from "./worker.ts";

const environment = parseEnvironment(schema);
const {
  DEPLOYMENT_ID: deploymentId,
  POWERTOOLS_METRICS_NAMESPACE: namespace,
  POWERTOOLS_SERVICE_NAME: serviceName,
} = environment;
const table = { client: createDocumentClient(), tableName: environment.TABLE_NAME };
const sqs = new SQSClient();
const eks = new EKSClient();

export const handler = createHandler(
  {
    pools: dynamoPoolStore(table),
    sandboxes: dynamoSandboxStore(table),
    refill: sqsRefillQueue({ client: sqs, url: environment.REFILL_QUEUE_URL }),
    work: sqsWorkQueue({ client: sqs, url: environment.WORK_QUEUE_URL }),
    provider: eksProvider({
      eks,
      ec2: new EC2Client(),
      elb: new ElasticLoadBalancingV2Client(),
      deploymentId,
      clusterRoleArn: environment.CLUSTER_ROLE_ARN,
      nodeRoleArn: environment.NODE_ROLE_ARN,
      workerRoleArn: environment.WORKER_ROLE_ARN,
      accessRoleArn: environment.ACCESS_ROLE_ARN,
      subnetIds: environment.SUBNET_IDS,
    }),
    kubernetes: kubernetesAdministration({
      clusterToken: clusterToken(eks.config),
      clusterName: (id) => clusterName(deploymentId, id),
    }),
    clock: Date.now,
    record: embeddedMetrics(namespace, serviceName),
    parseMessage: parseWorkMessage,
  },
  new Logger({ serviceName }),
);
