import { setTimeout as sleep } from "node:timers/promises";

/** What of a pool the laptop shows while it fills, as the API answers it. */
export interface PoolView {
  readonly id: string;
  /** Clusters that should be warm. */
  readonly target: number;
  readonly counts: { readonly available: number; readonly inFlight: number };
}

/** What of a cluster the laptop shows while it is built. */
export interface ClusterView {
  readonly state: string;
  /** The step it is at: the n-th of m. */
  readonly progress?: { readonly step: string; readonly n: number; readonly m: number; readonly note?: string };
}

/** Where a pool's first clusters have got to: `warm clusters 0/2, provisioning: wait 2/5, validating: validate 5/5`. */
export function describePool(pool: PoolView, clusters: readonly ClusterView[]): string {
  const building = clusters
    .filter((cluster) => cluster.state !== "available" && cluster.state !== "deleted")
    .map(({ state, progress }) => {
      if (progress === undefined) return state;
      const note = progress.note === undefined ? "" : ` (${shortened(progress.note)})`;
      return `${state}: ${progress.step} ${progress.n}/${progress.m}${note}`;
    });
  return [`warm clusters ${pool.counts.available}/${pool.target}`, ...building].join(", ");
}

/** Asks the API with a token that may read pools. */
export function poolReader(apiUrl: string, token: string) {
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return {
    pools: async () => ((await get("/v1/pools")) as { items: readonly PoolView[] }).items,
    clusters: async (poolId: string) =>
      ((await get(`/v1/pools/${poolId}/clusters`)) as { items: readonly ClusterView[] }).items,
  };
}

/**
 * Waits until a pool that keeps clusters warm has one, telling each look at it.
 *
 * @throws Error when there is none within `withinMs`, with the pool's last state.
 */
export async function waitForWarmCluster(
  reader: ReturnType<typeof poolReader>,
  options: {
    readonly report: (message: string) => void;
    readonly withinMs: number;
    readonly signal: AbortSignal;
  },
): Promise<PoolView> {
  const deadline = Date.now() + options.withinMs;
  for (;;) {
    const { warm, state } = await look(reader);
    if (warm !== undefined) return warm;
    options.report(state);
    if (Date.now() > deadline) throw new Error(`No cluster is warm yet: ${state}.`);
    await sleep(1_000, undefined, { signal: options.signal });
  }
}

async function look(reader: ReturnType<typeof poolReader>): Promise<{ warm?: PoolView; state: string }> {
  try {
    const pool = (await reader.pools()).find((it) => it.target > 0);
    if (pool === undefined) return { state: "no pool keeps clusters warm" };
    const state = describePool(pool, await reader.clusters(pool.id));
    return pool.counts.available > 0 ? { warm: pool, state } : { state };
  } catch (error) {
    return { state: error instanceof Error ? error.message : String(error) };
  }
}

const longestNote = 80;

function shortened(note: string): string {
  return note.length > longestNote ? `${note.slice(0, longestNote)}…` : note;
}
