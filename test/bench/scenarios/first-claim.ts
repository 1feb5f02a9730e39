import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { rename } from "../bare-writes.ts";
import type { Bench, Finding, Outcome } from "../bench-context.ts";
import type { ColdStart, FirstWork } from "../cold-start.ts";
import { median } from "../statistics.ts";
import { aWarmPool } from "../warm-pool.ts";

const run = promisify(execFile);
const script = join(import.meta.dirname, "..", "cold-start.ts");

/**
 * How long a new process takes from nothing to the answer of its first claim and, in turns, one with nothing but a
 * DynamoDB client to the same three writes: what a bundle only puts off until the first claim shows here.
 */
export async function firstClaim({ bundles, environment, table, recorded, quick, say }: Bench): Promise<Outcome> {
  const times = quick ? 5 : 15;
  const own = await aWarmPool(table, "first-claim", times);
  const other = await aWarmPool(table, "first-claim-bare", times);
  const measure = async (module: string, work: FirstWork): Promise<ColdStart> => {
    const args = ["--no-warnings", script, module, JSON.stringify(work)];
    const { stdout } = await run(process.execPath, args, { env: { ...environment("api") } });
    return JSON.parse(stdout);
  };
  const api: ColdStart[] = [];
  const bare: ColdStart[] = [];
  for (let n = 1; n <= times; n++) {
    api.push(await measure(bundles.api, { poolId: own.poolId, key: `first-claim-${n}` }));
    const writes = {
      ticket: rename(recorded.ticket, other.poolId, n),
      slot: rename(recorded.slot, other.poolId, n),
      match: rename(recorded.match, other.poolId, n),
    };
    bare.push(await measure(bundles.bareClient, { writes }));
  }
  const claimed = median(api.map((it) => it.done));
  const written = median(bare.map((it) => it.done));
  say(`api ${claimed.toFixed(1)} ms, bare ${written.toFixed(1)} ms`);
  const finding: Finding = {
    scenario: `cold start to the first claim's answer (${claimed.toFixed(1)} ms) ÷ the bare client's to the same writes (${written.toFixed(1)} ms)`,
    measure: `medians of ${times} new processes each, in turns`,
    value: (claimed / written).toFixed(2),
  };
  return { findings: [finding], data: { api, bare } };
}
