import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../cache.ts";
import { waitForLock } from "../lock.ts";
import { findPython } from "../toolchain.ts";

const run = promisify(execFile);
const requirements = join(import.meta.dirname, "requirements.txt");

/** How progress is told: one short sentence, without a final stop. */
export type Report = (message: string) => void;

/**
 * The path of a Python that has MiniStack installed, every package pinned by hash. The first call on a machine
 * downloads; later ones, of any checkout, find the result. Safe to call from several processes at once.
 *
 * @throws ToolchainError without a fitting Python; Error with pip's own words when the download fails.
 */
export async function ensureMinistack(report: Report, signal?: AbortSignal): Promise<string> {
  const python = await findPython();
  const folder = cacheFolder("ministack", cacheKey(python));
  const installed = join(folder, "bin", "python");
  if (existsSync(installed)) return installed;

  mkdirSync(cacheFolder("ministack"), { recursive: true });
  const lock = await waitForLock(
    `${folder}.lock`,
    (holder) => report(`waiting for process ${holder.pid}, which installs the AWS emulator`),
    signal,
  );
  try {
    if (!existsSync(installed)) await build(python, folder, report, signal);
  } finally {
    lock.release();
  }
  return installed;
}

function cacheKey(python: string): string {
  return createHash("sha256").update(readFileSync(requirements)).update(python).digest("hex").slice(0, 16);
}

/** Builds beside the final place and renames, so that a kill in the middle never leaves half an environment. */
async function build(python: string, folder: string, report: Report, signal: AbortSignal | undefined): Promise<void> {
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  const options = { signal, maxBuffer: 64 * 1024 * 1024 };
  try {
    report("creating its Python environment, first time only");
    await run(python, ["-m", "venv", draft], options);
    report("downloading it with pip, first time only");
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    await run(join(draft, "bin", "python"), [...pip, "--requirement", requirements], options);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (signal?.aborted === true) throw error;
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    const said = `${stdout ?? ""}${stderr ?? ""}`.trim() || String(error);
    const hint = said.includes("ensurepip") ? " On Debian and Ubuntu: `apt install python3-venv`." : "";
    throw new Error(`The AWS emulator could not be installed.${hint}\n${said}`);
  }
  renameSync(draft, folder);
}
