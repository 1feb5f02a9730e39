import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startLaptop } from "../../local/laptop.ts";
import { progressWriter } from "../../local/progress.ts";
import { faultTable } from "./fault-table.ts";

/**
 * Gives the fault tests one laptop with the stage `faults`, on free ports, and prints what they found when all are over.
 * `SANDLOT_KEEP` keeps its logs.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), "sandlot-faults-"));
  const table = faultTable(join(dir, "faults.jsonl"));
  const progress = progressWriter(process.stdout, Date.now);
  const laptop = await startLaptop({ dir: join(dir, "run"), ports: {}, stage: "faults", report: progress.report });
  progress.stop();
  const { apiUrl, tokenUrl, aws, eksUrl, outputs } = laptop;
  provide("target", { apiUrl, tokenUrl, aws: { ...aws, eksUrl }, outputs });
  provide("faultTable", table.file);
  return async () => {
    await laptop.stop();
    process.stdout.write(table.print());
    if (process.env.SANDLOT_KEEP === undefined) rmSync(dir, { recursive: true, force: true });
    else process.stdout.write(`Logs are kept in ${dir}\n`);
  };
}
