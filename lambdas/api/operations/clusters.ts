import { clusterRecordBody } from "../../../shared/api/representation.ts";
import { asId, type ClusterId } from "../../../shared/domain/ids.ts";
import { ok, refuse } from "../../../shared/domain/result.ts";
import { findCluster } from "../../../shared/usecases/find-cluster.ts";
import { retryTeardown } from "../../../shared/usecases/retry-teardown.ts";
import type { Operation } from "../../http/operation.ts";
import type { ApiPorts } from "./ports.ts";

export function get(ports: ApiPorts): Operation<"getCluster"> {
  return async ({ path }) => {
    const cluster = await findCluster(ports.pools, asId<ClusterId>(path.clusterId));
    if (!cluster) return refuse({ code: "cluster_not_found" });
    return ok({ status: 200, body: clusterRecordBody(cluster, ports.clock()) });
  };
}

export function retry(ports: ApiPorts): Operation<"retryCluster"> {
  return async ({ path }) => {
    const retried = await retryTeardown(ports, asId<ClusterId>(path.clusterId));
    return retried.ok ? ok({ status: 200, body: clusterRecordBody(retried.value, ports.clock()) }) : retried;
  };
}
