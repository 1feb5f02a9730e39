import { randomBytes } from "node:crypto";
import { Logger } from "@aws-lambda-powertools/logger";
import { parseRefillMessage } from "../../shared/adapters/sqs/refill-queue.ts";
import { asId, type ClusterId, clusterIdPrefix } from "../../shared/domain/ids.ts";
import { base32 } from "../base32.ts";
import { parseEnvironment } from "../environment.ts";
import { portsOf } from "../ports.ts";
import { schema } from "./env.ts";
import { createHandler } from "./refiller.ts";

const environment = parseEnvironment(schema);

export const handler = createHandler(
  {
    ...portsOf(environment),
    newClusterId: () => asId<ClusterId>(`${clusterIdPrefix}${base32(randomBytes(10))}`),
    parseMessage: parseRefillMessage,
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
