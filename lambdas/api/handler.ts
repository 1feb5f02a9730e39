import { setTimeout as sleep } from "node:timers/promises";
import { Logger } from "@aws-lambda-powertools/logger";
import { parseEnvironment } from "../environment.ts";
import { portsOf } from "../ports.ts";
import { createHandler } from "./api.ts";
import { schema } from "./env.ts";

const environment = parseEnvironment(schema);

export const handler = createHandler(
  {
    ...portsOf(environment),
    sleep,
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
