import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startLaptop } from "../../local/laptop.ts";
import { progressWriter } from "../../local/progress.ts";
import type { Target } from "./sandlot.ts";

/**
 * Gives the end-to-end tests their deployment: a laptop of its own, on free ports, or the one that `SANDLOT_URL` names.
 * For the latter `SANDLOT_TOKEN_URL` mints tokens as the laptop's issuer does, `SANDLOT_OUTPUTS` holds the stack's outputs as
 * JSON, and the AWS SDK's own environment says how to look into the account.
 */
export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { SANDLOT_URL, SANDLOT_TOKEN_URL, SANDLOT_OUTPUTS } = process.env;
  if (SANDLOT_URL !== undefined) {
    if (SANDLOT_TOKEN_URL === undefined) throw new Error("SANDLOT_URL needs SANDLOT_TOKEN_URL beside it.");
    const outputs = JSON.parse(SANDLOT_OUTPUTS ?? "{}") as Target["outputs"];
    provide("target", { apiUrl: SANDLOT_URL, tokenUrl: SANDLOT_TOKEN_URL, outputs });
    return undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), "sandlot-e2e-"));
  const progress = progressWriter(process.stdout, Date.now);
  const laptop = await startLaptop({ dir, ports: {}, stage: "laptop", report: progress.report });
  progress.stop();
  const { apiUrl, tokenUrl, aws, eksUrl, outputs } = laptop;
  provide("target", { apiUrl, tokenUrl, aws: { ...aws, eksUrl }, outputs });
  return async () => {
    await laptop.stop();
    if (process.env.SANDLOT_KEEP === undefined) rmSync(dir, { recursive: true, force: true });
    else process.stdout.write(`Logs are kept in ${dir}\n`);
  };
}
