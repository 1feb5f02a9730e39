import { dynamoPoolStore } from "../../../shared/adapters/dynamodb/pool-store.ts";
import { claimHere } from "../bare-writes.ts";
import type { Bench, Finding, Outcome } from "../bench-context.ts";
import { claim, post } from "../claims.ts";
import { consumedBy } from "../consumed-capacity.ts";
import { queueEvent } from "../refilling.ts";
import { median } from "../statistics.ts";
import { aWarmPool } from "../warm-pool.ts";

/** What one claim and one plan cost in a pool of this many warm clusters. */
interface Size {
  readonly clusters: number;
  readonly claimMilliseconds: number;
  readonly claimCalls: number;
  readonly claimUnits: number;
  readonly planMilliseconds: number;
  readonly planPages: number;
  readonly planUnits: number;
}

const repetitions = 7;

/** Growth of cost with the pool: a claim should not notice, a plan reads the pool once. */
export async function growth(bench: Bench): Promise<Outcome & { readonly data: readonly Size[] }> {
  const sizes: Size[] = [];
  for (const clusters of bench.quick ? [10, 1_000] : [10, 100, 1_000, 10_000]) {
    const size = await measure(bench, clusters);
    sizes.push(size);
    bench.say(`${clusters} clusters: plan ${size.planMilliseconds.toFixed(0)} ms, ${size.planPages} pages`);
  }
  return { findings: sizes.map((size) => findingOf(size, sizes)), data: sizes };
}

async function measure(bench: Bench, clusters: number): Promise<Size> {
  const { table, api, refiller } = bench;
  const config = await aWarmPool(table, `growth-${clusters}`, clusters);
  const { poolId } = config;

  const plans: number[] = [];
  await refiller.takeCount();
  for (let n = 0; n < repetitions; n++) {
    const started = performance.now();
    await post(refiller.url, queueEvent(JSON.stringify({ poolId })));
    plans.push(performance.now() - started);
  }
  const passes = await refiller.takeCount();
  const planUnits = await consumedBy(table, () => dynamoPoolStore(table).readPool(poolId));

  const claims: number[] = [];
  await claim(api.url, { poolId, ownerId: "first" });
  await api.takeCount();
  for (let n = 0; n < repetitions; n++) {
    const { milliseconds } = await claim(api.url, { poolId, ownerId: `owner-${n}` });
    claims.push(milliseconds);
  }
  const { calls } = await api.takeCount();
  const claimUnits = await consumedBy(table, () => claimHere(table, config, `growth-${clusters}`));
  return {
    clusters,
    claimMilliseconds: median(claims),
    claimCalls: Object.values(calls).reduce((sum, it) => sum + it, 0) / repetitions,
    claimUnits,
    planMilliseconds: median(plans),
    planPages: (passes.calls.Query ?? 0) / repetitions,
    planUnits,
  };
}

function findingOf(size: Size, sizes: readonly Size[]): Finding {
  const [smallest = size] = sizes;
  const { clusters, claimCalls, claimUnits, claimMilliseconds, planMilliseconds, planPages, planUnits } = size;
  const claimIsFlat = claimCalls === smallest.claimCalls && claimUnits === smallest.claimUnits;
  const planIsLinear = planPages <= Math.max(1, clusters / 1_000);
  return {
    scenario: `a pool of ${clusters.toLocaleString("en")} clusters`,
    measure: "claim: ms, calls, write units; plan: ms, pages, read units",
    value: `${claimMilliseconds.toFixed(1)}, ${claimCalls}, ${claimUnits}; ${planMilliseconds.toFixed(1)}, ${planPages}, ${planUnits}`,
    aim: "claim flat; ≤ 1 page per 1,000",
    met: claimIsFlat && planIsLinear,
  };
}
