import { type ConfigurerPorts, configurePools, dissolvePools } from "./configure-pools.ts";
import { customResource, type Respond } from "./custom-resource.ts";

interface FaultLogger {
  error(message: string, details: { readonly error: unknown }): void;
}

/** Configures the pools on creation and update; on deletion, retires them and agrees once no cluster is left. */
export function createHandler(ports: ConfigurerPorts, respond: Respond, logger: FaultLogger) {
  return customResource(
    "pools",
    async (event) => {
      try {
        if (event.RequestType === "Delete") await dissolvePools(ports);
        else {
          const { Pools: pools, Manifests: manifests = "{}" } = event.ResourceProperties;
          await configurePools(ports, String(pools), String(manifests));
        }
      } catch (error) {
        logger.error("The pools could not be configured.", { error });
        throw error;
      }
    },
    respond,
  );
}
