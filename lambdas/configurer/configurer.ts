import type { Logger } from "@aws-lambda-powertools/logger";
import { type ConfigurerPorts, configurePools, expectNoClusters } from "./configure-pools.ts";
import { customResource, type Respond } from "./custom-resource.ts";

/** Configures the pools on creation and update; on deletion, agrees only once no cluster is left. */
export function createHandler(ports: ConfigurerPorts, respond: Respond, logger: Pick<Logger, "error">) {
  return customResource(
    "pools",
    async (event) => {
      try {
        if (event.RequestType === "Delete") await expectNoClusters(ports);
        else await configurePools(ports, String(event.ResourceProperties.Pools));
      } catch (error) {
        logger.error("The pools could not be configured.", { error });
        throw error;
      }
    },
    respond,
  );
}
