import type { Bench, Finding, Outcome } from "../bench-context.ts";
import { claim } from "../claims.ts";
import { inParallel } from "../load.ts";
import { median } from "../statistics.ts";
import { aWarmPool } from "../warm-pool.ts";

interface Round {
  readonly claims: number;
  readonly claimMilliseconds: number;
  readonly bareMilliseconds: number;
  readonly created: number;
  readonly latencies: readonly number[];
}

/**
 * Claims through HTTP beside the same writes sent bare, in turns, so that both meet the same machine.
 *
 * @param width claims under way at once.
 */
async function rounds(bench: Bench, name: string, count: number, width: number, times: number): Promise<Round[]> {
  const done: Round[] = [];
  for (let round = 1; round <= times; round++) {
    const own = await aWarmPool(bench.table, `${name}-${round}`, count);
    const bare = await aWarmPool(bench.table, `${name}-bare-${round}`, count);
    const bareFirst = round % 2 === 0;
    const runBare = () => bench.bare.run({ poolId: bare.poolId, count, width });
    const early = bareFirst ? await runBare() : undefined;
    const latencies: number[] = [];
    let created = 0;
    const started = performance.now();
    await inParallel(count, width, async (n) => {
      const { status, milliseconds } = await claim(bench.api.url, { poolId: own.poolId, ownerId: `owner-${n}` });
      if (status === 201) created++;
      latencies.push(milliseconds);
    });
    const claimMilliseconds = performance.now() - started;
    const bareMilliseconds = early ?? (await runBare());
    done.push({ claims: count, claimMilliseconds, bareMilliseconds, created, latencies });
    bench.say(
      `${name} ${round} of ${times}: ${claimMilliseconds.toFixed(0)} ms, bare ${bareMilliseconds.toFixed(0)} ms`,
    );
  }
  return done;
}

const perSecond = (count: number, milliseconds: number) => (count * 1000) / milliseconds;

/** Claims a second at a steady 32 at once, as a share of what the engine does for the bare writes. */
export async function throughput(bench: Bench, name = "throughput"): Promise<Outcome> {
  const done = await rounds(bench, name, bench.quick ? 150 : 400, 32, bench.quick ? 2 : 5);
  const ratio = median(done.map((it) => it.bareMilliseconds / it.claimMilliseconds));
  const own = median(done.map((it) => perSecond(it.claims, it.claimMilliseconds)));
  const engine = median(done.map((it) => perSecond(it.claims, it.bareMilliseconds)));
  const finding: Finding = {
    scenario: `claims a second at 32 at once (${own.toFixed(0)}) ÷ the engine's rate for the bare writes (${engine.toFixed(0)})`,
    measure: `median ratio of ${done.length} rounds`,
    value: ratio.toFixed(2),
    aim: "≥ 0.8",
    met: ratio >= 0.8,
  };
  return { findings: [finding], data: done };
}

const burstSize = 300;

/** As many claims as there are warm clusters, all in the same moment. */
export async function burst(bench: Bench): Promise<Outcome & { readonly data: readonly Round[] }> {
  const done = await rounds(bench, "burst", burstSize, burstSize, bench.quick ? 1 : 4);
  const ratio = median(done.map((it) => it.claimMilliseconds / it.bareMilliseconds));
  const last = median(done.map((it) => it.claimMilliseconds));
  const all = done.every((it) => it.created === burstSize);
  const finding: Finding = {
    scenario: `${burstSize} claims at once on ${burstSize} warm clusters: last answer after ${last.toFixed(0)} ms, ÷ the bare writes' time`,
    measure: `median ratio of ${done.length} rounds; ${all ? `all ${burstSize} answered 201` : "not all answered 201"}`,
    value: ratio.toFixed(2),
    aim: "≤ 1.25, all 201",
    met: ratio <= 1.25 && all,
  };
  return { findings: [finding], data: done };
}
