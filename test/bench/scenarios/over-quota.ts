import type { Bench, Finding, Outcome } from "../bench-context.ts";
import { claim } from "../claims.ts";
import { atTimes, evenTimes } from "../load.ts";
import { percentile } from "../statistics.ts";
import { aWarmPool } from "../warm-pool.ts";

const others = 20;
const hammeringPerSecond = 100;
const quota = 20;

type Statuses = Readonly<Record<number, number>>;

/** Twenty owners who claim once a second, alone and beside one who has used up its quota and asks a hundred times a second. */
export async function overQuota(bench: Bench): Promise<Outcome & { readonly data: OverQuota }> {
  const seconds = bench.quick ? 3 : 5;
  const rounds = bench.quick ? 2 : 4;
  const alone: number[] = [];
  const beside: number[] = [];
  const hammering: Record<number, number> = {};
  for (let round = 1; round <= rounds; round++) {
    // Whoever goes first meets a machine that is a little colder.
    for (const hammered of round % 2 === 0 ? [true, false] : [false, true]) {
      const name = `over-quota-${round}-${hammered ? "beside" : "alone"}`;
      const { latencies, statuses } = await play(bench, name, seconds, hammered);
      (hammered ? beside : alone).push(...latencies);
      for (const [status, count] of Object.entries(statuses)) {
        hammering[Number(status)] = (hammering[Number(status)] ?? 0) + count;
      }
    }
    bench.say(
      `round ${round} of ${rounds}: p90 ${percentile(alone, 0.9).toFixed(1)} ms, ${percentile(beside, 0.9).toFixed(1)} ms beside`,
    );
  }
  const [without, withIt] = [percentile(alone, 0.9), percentile(beside, 0.9)];
  const ratio = withIt / without;
  const answers = Object.entries(hammering).map(([status, count]) => `${count} × ${status}`);
  const finding: Finding = {
    scenario: `an owner over quota asks ${hammeringPerSecond} times a second (${answers.join(", ")}) while ${others} others claim`,
    measure: `the others' p90 with it (${withIt.toFixed(1)} ms) ÷ without (${without.toFixed(1)} ms)`,
    value: ratio.toFixed(2),
    aim: "≤ 1.2",
    met: ratio <= 1.2,
  };
  return { findings: [finding], data: { alone, beside, hammering } };
}

interface OverQuota {
  readonly alone: readonly number[];
  readonly beside: readonly number[];
  /** Answers to the owner over quota, by status. */
  readonly hammering: Statuses;
}

async function play(bench: Bench, name: string, seconds: number, hammered: boolean) {
  const { url } = bench.api;
  const quotas = { owner: quota, tenant: 1_000_000 };
  const { poolId } = await aWarmPool(bench.table, name, others * seconds + 2 * quota, { quotas });
  const greedy = { poolId, ownerId: `greedy-${name}` };
  for (let n = 0; n < quota; n++) await claim(url, greedy);
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  const claims = atTimes(evenTimes(others, seconds), async (n, due) => {
    const { milliseconds } = await claim(url, { poolId, ownerId: `${name}-${n % others}` }, due);
    latencies.push(milliseconds);
  });
  const times = hammered ? evenTimes(hammeringPerSecond, seconds) : [];
  const hammer = atTimes(times, async () => {
    const { status } = await claim(url, greedy);
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  await Promise.all([claims, hammer]);
  return { latencies, statuses: statuses as Statuses };
}
