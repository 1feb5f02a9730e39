import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Bench, Finding, Outcome } from "../bench-context.ts";
import { claim } from "../claims.ts";
import { atTimes, poissonTimes } from "../load.ts";
import { startRefilling } from "../refilling.ts";
import { percentile } from "../statistics.ts";
import { aWarmPool } from "../warm-pool.ts";

const claimsPerSecond = 45;
const warm = 250;
const aims = [
  { share: 0.5, below: 40 },
  { share: 0.9, below: 80 },
  { share: 0.99, below: 200 },
] as const;

/** The minute of a launch: claims keep coming, nobody gives back, and the pool refills. */
export async function arrivals(
  bench: Bench,
): Promise<Outcome & { readonly data: { readonly latencies: readonly number[] } }> {
  const seconds = bench.quick ? 8 : 60;
  const policy = { minWarm: warm, maxTotal: 10_000, bufferPercent: 0, maxConcurrent: 500, trimCoolDownSeconds: 3600 };
  const { poolId } = await aWarmPool(bench.table, "arrivals", warm, { policy });
  const generator = xoroshiro128plus(45);
  const times = poissonTimes(claimsPerSecond, seconds, () => uniformInt(generator, 0, 999_999) / 1_000_000);
  const endRefilling = startRefilling(bench);
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  let reported = performance.now();
  await bench.refiller.takeCount();
  await atTimes(times, async (n, due) => {
    const { status, milliseconds } = await claim(bench.api.url, { poolId, ownerId: `owner-${n}` }, due);
    latencies.push(milliseconds);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (performance.now() - reported > 5_000) {
      reported = performance.now();
      bench.say(`${n} of ${times.length} claims, p50 so far ${percentile(latencies, 0.5).toFixed(1)} ms`);
    }
  });
  await endRefilling();
  const refilled = await bench.refiller.takeCount();
  const found = aims.map(({ share, below }) => ({ share, below, at: percentile(latencies, share) }));
  const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  const finding: Finding = {
    scenario: `${claimsPerSecond} claims a second, Poisson, ${seconds} s, refilling: ${answers.join(", ")}`,
    measure: "p50 / p90 / p99, ms",
    value: found.map(({ at }) => at.toFixed(1)).join(" / "),
    aim: "< 40 / 80 / 200",
    met: found.every(({ at, below }) => at < below),
  };
  return { findings: [finding], data: { latencies, statuses, refilled } as { latencies: readonly number[] } };
}
