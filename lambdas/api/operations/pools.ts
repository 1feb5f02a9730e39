import { clusterBody, poolBody } from "../../../shared/api/representation.ts";
import { asId, type PoolId } from "../../../shared/domain/ids.ts";
import { ok } from "../../../shared/domain/result.ts";
import { listClusters, viewPool, viewPools } from "../../../shared/usecases/view-pool.ts";
import type { Operation } from "../../http/operation.ts";
import type { ApiPorts } from "./ports.ts";

export function list(ports: ApiPorts): Operation<"listPools"> {
  return async () => {
    const pools = await viewPools(ports);
    const now = ports.clock();
    return ok({ status: 200, body: { items: pools.map((it) => poolBody(it, now)) } });
  };
}

export function get(ports: ApiPorts): Operation<"getPool"> {
  return async ({ path }) => {
    const viewed = await viewPool(ports, asId<PoolId>(path.poolId));
    return viewed.ok ? ok({ status: 200, body: poolBody(viewed.value, ports.clock()) }) : viewed;
  };
}

export function clusters(ports: ApiPorts): Operation<"listClusters"> {
  return async ({ path }) => {
    const listed = await listClusters(ports, asId<PoolId>(path.poolId));
    return listed.ok ? ok({ status: 200, body: { items: listed.value.map(clusterBody) } }) : listed;
  };
}
