import { Logger } from "@aws-lambda-powertools/logger";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { eksProvider } from "../../shared/adapters/eks/provider.ts";
import { clusterToken } from "../../shared/adapters/eks/token.ts";
import { kubernetesAdministration } from "../../shared/adapters/kubernetes/administration.ts";
import { parseWorkMessage } from "../../shared/adapters/sqs/work-queue.ts";
import { parseEnvironment } from "../environment.ts";
import { portsOf } from "../ports.ts";
import { schema } from "./env.ts";
import { createHandler } from "./worker.ts";

const environment = parseEnvironment(schema);
const { DEPLOYMENT_ID: deploymentId } = environment;
const eks = new EKSClient();

export const handler = createHandler(
  {
    ...portsOf(environment),
    provider: eksProvider({
      eks,
      ec2: new EC2Client(),
      elb: new ElasticLoadBalancingV2Client(),
      deploymentId,
      clusterRoleArn: environment.CLUSTER_ROLE_ARN,
      nodeRoleArn: environment.NODE_ROLE_ARN,
      managedNodeRoleArn: environment.MANAGED_NODE_ROLE_ARN,
      storageRoleArn: environment.STORAGE_ROLE_ARN,
      launchTemplateId: environment.LAUNCH_TEMPLATE_ID,
      workerRoleArn: environment.WORKER_ROLE_ARN,
      accessRoleArn: environment.ACCESS_ROLE_ARN,
      subnetIds: environment.SUBNET_IDS,
    }),
    kubernetes: kubernetesAdministration({
      clusterToken: clusterToken(eks.config),
      clusterName: (id) => clusterName(deploymentId, id),
    }),
    parseMessage: parseWorkMessage,
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
