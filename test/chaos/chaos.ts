import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Lock, LockedError, takeLock } from "../../local/lock.ts";
import { progressWriter } from "../../local/progress.ts";
import { runChaos } from "./run.ts";

const usage = `Plays a busy day on a laptop runtime of its own: claims, uses, extensions, releases and expiries, while function processes,
control planes and local/eks are killed and the cloud misbehaves. At the end the trouble stops, everything is drained, and
the account is searched for what was left.

  npm run chaos -- [options]

  --minutes N    how long the trouble lasts (2); starting before and draining after it take a few minutes more
  --seed S       what is done when: the same for the same seed (1)
  --state DIR    folder for logs and state, emptied at every start (.sandlot/chaos)
  --help         this text

Exit code 1 on any finding. Ctrl-C stops the trouble and goes on to the audit; a second one ends at once.
`;

/** A wrong command line, in words for the user. */
class UsageError extends Error {}

interface Settings {
  readonly minutes: number;
  readonly seed: number;
  readonly state: string;
}

// Whatever a part may still hold open, an ended run does not stay.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const settings = readSettings();
    if (settings === undefined) return 0;
    const lock = lockState(settings.state);
    try {
      return await perform(settings);
    } finally {
      lock.release();
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function perform({ minutes, seed, state }: Settings): Promise<number> {
  const dir = join(state, "run");
  const reportFile = join(state, "report.txt");
  rmSync(reportFile, { force: true });
  const progress = progressWriter(process.stdout, Date.now);
  const outcome = await runChaos({
    minutes,
    seed,
    dir,
    ending: endingAsked(),
    reportStart: progress.report,
    say: (text) => {
      progress.stop();
      process.stdout.write(`${text}\n`);
    },
  }).finally(progress.stop);
  writeFileSync(reportFile, outcome.report);
  process.stdout.write(`\n${outcome.report}\nLogs are in ${dir}.\n`);
  return outcome.isClean ? 0 : 1;
}

function readSettings(): Settings | undefined {
  const { values } = parseOptions();
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new UsageError(`--minutes takes a number above 0, at most a day.\n\n${usage}`);
  if (!Number.isInteger(seed) || seed < 1) throw new UsageError(`--seed takes a whole number above 0.\n\n${usage}`);
  return { minutes, seed, state: resolve(values.state) };
}

function parseOptions() {
  try {
    return parseArgs({
      options: {
        minutes: { type: "string", default: "2" },
        seed: { type: "string", default: "1" },
        state: { type: "string", default: join(import.meta.dirname, "..", "..", ".sandlot", "chaos") },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

function lockState(state: string): Lock {
  try {
    return takeLock(join(state, "lock"));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new UsageError(
      `Chaos already runs from ${state}, as process ${error.holder.pid}. A second one beside it takes --state DIR.`,
    );
  }
}

/** Aborts on Ctrl-C and its kin; a later Ctrl-C ends this process, and with it all that it has started. */
function endingAsked(): AbortSignal {
  const ending = new AbortController();
  let first: number | undefined;
  const ask = () => {
    first ??= Date.now();
    // One Ctrl-C arrives twice under npm: from the terminal, and passed on by npm.
    if (Date.now() - first > 2_000) process.exit(130);
    ending.abort(new Error("ended"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
  return ending.signal;
}
