import type { ApiRefusal } from "../../../shared/api/problem.ts";
import { clusterBody, poolBody } from "../../../shared/api/representation.ts";
import { asId, type PoolId } from "../../../shared/domain/ids.ts";
import type { PoolMode } from "../../../shared/domain/operation.ts";
import { ok, type Result } from "../../../shared/domain/result.ts";
import { changePolicy, recyclePool, setPoolMode } from "../../../shared/usecases/operate-pool.ts";
import { listClusters, viewPool, viewPools } from "../../../shared/usecases/view-pool.ts";
import type { Answer } from "../../http/answer.ts";
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
    return answer(ports, asId<PoolId>(path.poolId), ok(undefined));
  };
}

export function update(ports: ApiPorts): Operation<"updatePool"> {
  return async ({ path, body }) => {
    const poolId = asId<PoolId>(path.poolId);
    return answer(ports, poolId, await changePolicy(ports, poolId, body.policy));
  };
}

/** An operation that asks for a mode. */
export function turn(
  ports: ApiPorts,
  mode: PoolMode,
): Operation<"pausePool"> & Operation<"drainPool"> & Operation<"resumePool"> {
  return async ({ path }) => {
    const poolId = asId<PoolId>(path.poolId);
    return answer(ports, poolId, await setPoolMode(ports, poolId, mode));
  };
}

export function recycle(ports: ApiPorts): Operation<"recyclePool"> {
  return async ({ path }) => {
    const poolId = asId<PoolId>(path.poolId);
    return answer(ports, poolId, await recyclePool(ports, poolId));
  };
}

async function answer(
  ports: ApiPorts,
  poolId: PoolId,
  changed: Result<void, ApiRefusal>,
): Promise<Result<Answer, ApiRefusal>> {
  if (!changed.ok) return changed;
  const viewed = await viewPool(ports, poolId);
  return viewed.ok ? ok({ status: 200, body: poolBody(viewed.value, ports.clock()) }) : viewed;
}

export function clusters(ports: ApiPorts): Operation<"listClusters"> {
  return async ({ path }) => {
    const listed = await listClusters(ports, asId<PoolId>(path.poolId));
    return listed.ok ? ok({ status: 200, body: { items: listed.value.map(clusterBody) } }) : listed;
  };
}
