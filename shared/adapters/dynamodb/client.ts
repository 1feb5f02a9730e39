import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** What both stores need. */
export interface TableAccess {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/**
 * A client for short single-item calls: connections are kept, and a call that hangs is given up and repeated well within
 * the time that a function has.
 *
 * @param config over these times and what the environment says: another address, Region, identity or way to send.
 */
export function createDocumentClient(
  config: Pick<DynamoDBClientConfig, "endpoint" | "region" | "credentials" | "requestHandler"> = {},
): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: 5,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: 3_000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 100 },
      httpsAgent: { keepAlive: true, maxSockets: 100 },
    },
    ...config,
  });
  // It copies what each call sends and gets for a logger that is not there.
  client.middlewareStack.remove("loggerMiddleware");
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
