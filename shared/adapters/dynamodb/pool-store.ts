import type { PoolStore } from "../../ports/pool-store.ts";
import { dynamoClasses } from "./classes.ts";
import type { TableAccess } from "./client.ts";
import { dynamoClusters } from "./clusters.ts";
import { dynamoMatch } from "./match.ts";
import { dynamoOperations } from "./operations.ts";
import { dynamoPasses } from "./passes.ts";
import { dynamoPools } from "./pools.ts";
import { dynamoTickets } from "./tickets.ts";

/** Pools in the one table. */
export function dynamoPoolStore(access: TableAccess): PoolStore {
  return {
    ...dynamoPools(access),
    ...dynamoClasses(access),
    ...dynamoOperations(access),
    ...dynamoTickets(access),
    ...dynamoMatch(access),
    ...dynamoClusters(access),
    ...dynamoPasses(access),
  };
}
