import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
}

/** Runs the command as a user would. */
function chaos(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "chaos.ts"), ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: `${stdout}${stderr}` });
    });
  });
}

it("says what it takes, and refuses what it does not", async () => {
  expect(await chaos("--help")).toMatchObject({ code: 0, output: expect.stringContaining("--seed S") });
  for (const args of [
    ["--minutes", "0"],
    ["--seed", "x"],
    ["--minute", "1"],
  ]) {
    const { code, output } = await chaos(...args);
    expect([code, output]).toEqual([2, expect.stringContaining(args[0] ?? "")]);
    expect(output).not.toMatch(/^\s+at /m);
  }
});

it("two minutes of it leave nothing behind, and nobody without an answer", { timeout: 30 * 60_000 }, async () => {
  const state = mkdtempSync(join(tmpdir(), "sandlot-chaos-"));
  const { code, output } = await chaos("--minutes", "2", "--seed", "7", "--state", state);
  expect(code, `${output}\nLogs are kept in ${state}`).toBe(0);
  rmSync(state, { recursive: true, force: true, maxRetries: 5 });
});
