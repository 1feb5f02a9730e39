import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import type { clusterBody, clusterRecordBody, poolBody } from "../../shared/api/representation.ts";
import { type Answer, call, eventually } from "./http.ts";
import { target, tokenFor } from "./sandlot.ts";

export type PoolBody = ReturnType<typeof poolBody>;
export type ClusterBody = ReturnType<typeof clusterBody>;
export type ClusterRecordBody = ReturnType<typeof clusterRecordBody>;

/** A cluster as the API showed it from first to last: one that is gone can still be told about. */
export interface SeenCluster {
  readonly id: string;
  readonly states: readonly ClusterBody["state"][];
  /** Steps of its checklists, each with the last note of it. */
  readonly notes: Readonly<Record<string, string>>;
  readonly latest: ClusterBody;
}

const lookEveryMs = 700;

/** A pool as its operator sees it. */
export type FaultPool = ReturnType<typeof faultPool>;

/** The pool with every cluster that it has had since the tests of the file began. Call it where hooks may be registered. */
export function faultPool(poolId: string) {
  const url = `${target().apiUrl}/v1/pools/${poolId}`;
  const seen = new Map<string, SeenCluster>();
  const stopping = new AbortController();
  let token = "";
  let watching: Promise<void> = Promise.resolve();

  const get = async <Body>(address: string): Promise<Body> => {
    const { status, body } = await call(address, { token });
    if (status !== 200) throw new Error(`GET ${address} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const view = () => get<PoolBody>(url);
  const clusters = async (): Promise<readonly ClusterBody[]> => {
    const { items } = await get<{ items: readonly ClusterBody[] }>(`${url}/clusters`);
    for (const it of items) seen.set(it.id, updated(seen.get(it.id), it));
    return items;
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clusters().catch(() => []);
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const until = async (what: string, holds: (pool: PoolBody) => boolean, withinMs = 90_000): Promise<PoolBody> => {
    let last: unknown;
    return eventually(
      `${poolId}: ${what}`,
      async () => {
        const pool = await view();
        last = { ...pool, clusters: await clusters() };
        return holds(pool) && pool;
      },
      { withinMs, last: () => last },
    );
  };
  beforeAll(async () => {
    token = await tokenFor({ tenant: "operations", subject: "olga" });
    watching = watch();
  });
  afterAll(async () => {
    stopping.abort();
    await watching;
  });

  return {
    id: poolId,
    view,
    clusters,
    /** All clusters since the beginning. */
    seen: (): readonly SeenCluster[] => [...seen.values()],
    operate: async (method: "PATCH" | "POST", path: string, body?: object): Promise<Answer> =>
      call(`${url}${path}`, { method, token, ...(body && { body }) }),
    /** A cluster's record, also of one that is gone. */
    record: (clusterId: string) => get<ClusterRecordBody>(`${target().apiUrl}/v1/clusters/${clusterId}`),
    /** Asks for another attempt at the tear-down of a quarantined cluster. */
    retry: (clusterId: string): Promise<Answer> =>
      call(`${target().apiUrl}/v1/clusters/${clusterId}/retry`, { method: "POST", token }),
    until,
    /** Waits for a cluster that is so, gone ones included. */
    untilCluster: async (
      what: string,
      holds: (cluster: SeenCluster) => boolean,
      withinMs = 90_000,
    ): Promise<SeenCluster> =>
      eventually(`${poolId}: ${what}`, async () => [...seen.values()].find(holds), {
        withinMs,
        everyMs: 200,
        last: () => [...seen.values()],
      }),
    /** Waits until the pool has what it should have, and builds nothing more. */
    untilAtTarget: () => until("at its target", isAtTarget),
    /** Waits until it has that and nothing else: nobody holds a cluster, and none is being torn down. */
    untilSettled: () => until("settled", (it) => isAtTarget(it) && it.counts.total === it.counts.available),
  };
}

/** Its warm clusters are there, nobody waits, and nothing keeps it from building more. */
function isAtTarget({ counts, target, mode, capacityBlockedUntil, lastError }: PoolBody): boolean {
  const full = counts.available === target && counts.inFlight === 0 && counts.waiting === 0;
  return full && mode === "open" && capacityBlockedUntil === undefined && lastError?.isBroken !== true;
}

function updated(before: SeenCluster | undefined, cluster: ClusterBody): SeenCluster {
  const { id, state, progress } = cluster;
  const states = before?.states ?? [];
  return {
    id,
    states: states.at(-1) === state ? states : [...states, state],
    notes: { ...before?.notes, ...(progress && { [progress.step]: progress.note ?? "" }) },
    latest: cluster,
  };
}
