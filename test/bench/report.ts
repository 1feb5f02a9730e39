import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding, Outcome } from "./bench-context.ts";
import type { Machine } from "./machine.ts";
import { failedWritesPlot, latencyPlot } from "./plots.ts";
import type { arrivals } from "./scenarios/arrivals.ts";
import type { contention } from "./scenarios/contention.ts";
import type { overQuota } from "./scenarios/over-quota.ts";

export interface Report {
  readonly at: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly machine: Machine;
  /** By scenario. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** The findings as a Markdown table, under the machine that they were measured on. */
export function tableOf({ at, seconds, quick, machine, outcomes }: Report): string {
  const { processor, cores, memoryGiB, system, loadAverage, versions } = machine;
  const rows = Object.values(outcomes).flatMap((it) => it.findings);
  return [
    `Measured ${at} in ${seconds.toFixed(0)} s${quick ? " (--quick)" : ""} on ${processor}, ${cores} cores, ${memoryGiB} GiB, ` +
      `${system}, load average ${loadAverage.toFixed(1)} at the end. ` +
      `${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")}.`,
    "",
    "| scenario | measure | aim | measured | met |",
    "|---|---|---|---|---|",
    ...rows.map(rowOf),
  ].join("\n");
}

function rowOf({ scenario, measure, aim = "", value, met }: Finding): string {
  return `| ${scenario} | ${measure} | ${aim} | ${value} | ${met === undefined ? "" : met ? "yes" : "**no**"} |`;
}

const begin = "<!-- results: written by npm run bench -->";
const end = "<!-- end of results -->";

/** Writes `results.json`, the plots, and the table between its two marks in the folder's README.md. */
export async function publish(report: Report, folder: string): Promise<void> {
  const { contention, arrivals, overQuota } = report.outcomes as Partial<Plotted>;
  await writeFile(join(folder, "results.json"), `${JSON.stringify(report, rounded, 1)}\n`);
  if (contention) await writeFile(join(folder, "failed-writes.svg"), failedWritesPlot(contention.data));
  if (arrivals && overQuota) {
    const series = {
      "45 claims a second, Poisson, refilling": arrivals.data.latencies,
      "20 owners, one claim a second each": overQuota.data.alone,
      "the same beside an owner over quota": overQuota.data.beside,
    };
    await writeFile(join(folder, "latency.svg"), latencyPlot(series));
  }
  const readme = join(folder, "README.md");
  const text = await readFile(readme, "utf8").catch(() => `${begin}\n${end}\n`);
  const [before = "", rest = ""] = text.split(begin);
  const [, after = ""] = rest.split(end);
  await writeFile(readme, `${before}${begin}\n\n${tableOf(report)}\n\n${end}${after}`);
}

type Plotted = {
  readonly contention: Awaited<ReturnType<typeof contention>>;
  readonly arrivals: Awaited<ReturnType<typeof arrivals>>;
  readonly overQuota: Awaited<ReturnType<typeof overQuota>>;
};

/** Microseconds are as fine as any of it is worth. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}
