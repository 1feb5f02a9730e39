import type { Logger } from "@aws-lambda-powertools/logger";
import { createRouter } from "../http/router.ts";
import { httpPipe } from "../pipeline.ts";
import { bestEffort } from "./best-effort.ts";
import { withConfigCache } from "./config-cache.ts";
import { claim } from "./operations/claim.ts";
import { get as getCluster, retry } from "./operations/clusters.ts";
import { health, openApi } from "./operations/open.ts";
import { get as getOwner } from "./operations/owners.ts";
import {
  clusters,
  get as getPool,
  list as listPools,
  recycle,
  turn,
  update as updatePool,
} from "./operations/pools.ts";
import type { ApiPorts } from "./operations/ports.ts";
import { events, extend, get, heartbeat, list, remove, update } from "./operations/sandboxes.ts";
import { recentRefusals } from "./recent-refusals.ts";

/** The api function over its ports. */
export function createHandler(outer: ApiPorts, logger: Logger) {
  const ports = {
    ...outer,
    ...bestEffort(outer, logger),
    pools: withConfigCache(outer.pools, outer.clock),
    recentRefusals: recentRefusals(outer.clock),
  };
  const router = createRouter<"api">(
    {
      claimSandbox: claim(ports),
      listSandboxes: list(ports),
      getSandbox: get(ports),
      updateSandbox: update(ports),
      deleteSandbox: remove(ports),
      extendSandbox: extend(ports),
      heartbeat: heartbeat(ports),
      listEvents: events(ports),
      listPools: listPools(ports),
      getPool: getPool(ports),
      listClusters: clusters(ports),
      updatePool: updatePool(ports),
      pausePool: turn(ports, "paused"),
      drainPool: turn(ports, "draining"),
      resumePool: turn(ports, "open"),
      recyclePool: recycle(ports),
      getCluster: getCluster(ports),
      retryCluster: retry(ports),
      getOwner: getOwner(ports),
      getHealth: health(ports),
      getOpenApi: openApi(),
    },
    ports.clock,
  );
  return httpPipe(logger, router);
}
