import { Logger } from "@aws-lambda-powertools/logger";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { clusterToken } from "../../shared/adapters/eks/token.ts";
import { credentialIssuer } from "../../shared/adapters/kubernetes/credentials.ts";
import { parseEnvironment } from "../environment.ts";
import { createHandler } from "./access.ts";
import { schema } from "./env.ts";

const environment = parseEnvironment(schema);
const client = createDocumentClient();
const table = { client, tableName: environment.TABLE_NAME };

export const handler = createHandler(
  {
    pools: dynamoPoolStore(table),
    sandboxes: dynamoSandboxStore(table),
    issuer: credentialIssuer({
      clusterToken: clusterToken(client.config),
      clusterName: (id) => clusterName(environment.DEPLOYMENT_ID, id),
    }),
    clock: Date.now,
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
