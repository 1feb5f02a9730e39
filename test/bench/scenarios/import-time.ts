import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Bench, Finding, Outcome } from "../bench-context.ts";
import { median } from "../statistics.ts";

const run = promisify(execFile);
const timed = (module: string) =>
  `const started = performance.now(); await import(${JSON.stringify(module)}); ` +
  "process.stdout.write(String(performance.now() - started)); process.exit()";

/** How long a new process takes to load the api bundle and, in turns, one with nothing but a DynamoDB client. */
export async function importTime({ bundles, environment, quick, say }: Bench): Promise<Outcome> {
  const measure = async (module: string) => {
    const args = ["--input-type=module", "--eval", timed(module)];
    const { stdout } = await run(process.execPath, args, { env: { ...environment("api") } });
    return Number(stdout);
  };
  const api: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < (quick ? 5 : 15); n++) {
    api.push(await measure(bundles.api));
    bare.push(await measure(bundles.bareClient));
  }
  const ratio = median(api) / median(bare);
  say(`api ${median(api).toFixed(1)} ms, bare ${median(bare).toFixed(1)} ms`);
  const finding: Finding = {
    scenario: `import of the api bundle (${median(api).toFixed(1)} ms) ÷ the bare DynamoDB client's (${median(bare).toFixed(1)} ms)`,
    measure: `medians of ${api.length} new processes each, in turns`,
    value: ratio.toFixed(2),
    aim: "≤ 1.15",
    met: ratio <= 1.15,
  };
  return { findings: [finding], data: { api, bare } };
}
