import { Logger } from "@aws-lambda-powertools/logger";
import { parseEnvironment } from "../environment.ts";
import { portsOf } from "../ports.ts";
import { schema } from "./env.ts";
import { createHandler } from "./reaper.ts";

const environment = parseEnvironment(schema);

export const handler = createHandler(
  {
    ...portsOf(environment),
  },
  new Logger({ serviceName: environment.POWERTOOLS_SERVICE_NAME }),
);
