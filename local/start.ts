import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Laptop, startLaptop } from "./laptop.ts";
import { type Lock, LockedError, takeLock } from "./lock.ts";
import { onNpmGone } from "./npm.ts";
import { poolReader, waitForWarmCluster } from "./pools.ts";
import { isFree } from "./ports.ts";
import { performStep, progressWriter } from "./progress.ts";
import { ToolchainError } from "./toolchain.ts";
import { nextSteps } from "./welcome.ts";

const usage = `Runs Sandlot on this machine: AWS, Kubernetes and the API. Ctrl-C ends it all.

  npm start -- [options]

  --port NUMBER   where the API answers (8400); the three ports after it serve tokens,
                  the EKS API and the rest of AWS
  --stage NAME    which stage of cdk/config.ts to deploy (laptop)
  --state DIR     folder for logs and state, emptied at every start (.sandlot)
  --help          this text
`;

/** A reason not to start, in words for the user. */
class StartError extends Error {}

interface Settings {
  readonly port: number;
  readonly stage: string;
  readonly state: string;
}

// Whatever a part may still hold open, an ended run does not stay.
process.exit(await main());

async function main(): Promise<number> {
  const progress = progressWriter(process.stdout, Date.now);
  try {
    const settings = readSettings();
    if (settings === undefined) return 0;
    const lock = await lockState(settings);
    try {
      await run(settings, progress);
    } finally {
      lock.release();
    }
    return 0;
  } catch (error) {
    progress.stop();
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  } finally {
    progress.stop();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readSettings(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8400" },
        stage: { type: "string", default: "laptop" },
        state: { type: "string", default: join(import.meta.dirname, "..", ".sandlot") },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      return undefined;
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_532) throw new StartError(`--port ${values.port} is no port`);
    return { port, stage: values.stage, state: resolve(values.state) };
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${usage}`);
  }
}

/** A run that is just ending gets the time to do so. */
async function lockState({ state, port }: Settings): Promise<Lock> {
  const patience = Date.now() + 5_000;
  for (;;) {
    try {
      return takeLock(join(state, "lock"));
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (Date.now() < patience) await sleep(250);
      else {
        throw new StartError(
          `Sandlot already runs from ${state}, as process ${error.holder.pid}. Use it, or end it with ` +
            `\`kill ${error.holder.pid}\`. For a second one beside it: npm start -- --port ${port + 100} --state DIR`,
        );
      }
    }
  }
}

async function run(settings: Settings, progress: ReturnType<typeof progressWriter>): Promise<void> {
  const ports = {
    api: settings.port,
    issuer: settings.port + 1,
    eks: settings.port + 2,
    aws: settings.port + 3,
  };
  for (const port of Object.values(ports)) {
    if (await isFree(port)) continue;
    throw new StartError(`Port ${port} is taken by another program. Choose four others: npm start -- --port 8500`);
  }

  const ending = new AbortController();
  const asked = endingAsked();
  asked.then(() => ending.abort(new Error("ended")));
  const { signal } = ending;
  let laptop: Laptop | undefined;
  try {
    laptop = await startLaptop({
      dir: join(settings.state, "run"),
      ports,
      stage: settings.stage,
      report: progress.report,
      signal,
    });
    const token = await laptop.token({ tenant: "acme", subject: "you" });
    const reader = poolReader(laptop.apiUrl, token);
    process.stdout.write(`The API answers at ${laptop.apiUrl}\n`);
    const pool = await performStep(progress.report, "first warm cluster", (report) =>
      waitForWarmCluster(reader, { report, withinMs: 300_000, signal }),
    );
    progress.stop();
    process.stdout.write(nextSteps({ apiUrl: laptop.apiUrl, tokenUrl: laptop.tokenUrl, token, poolId: pool.id }));
    const broken = await Promise.race([asked, laptop.broken]);
    if (broken !== undefined) throw new StartError(`Sandlot has to end: ${broken}.`);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof StartError || error instanceof ToolchainError) throw error;
    throw new StartError(`${messageOf(error)}\nLogs are in ${join(settings.state, "run")}.`);
  } finally {
    progress.stop();
    if (laptop !== undefined) process.stdout.write("\nEnding every process …\n");
    await laptop?.stop();
  }
}

/** Resolves on Ctrl-C and its kin, and when the npm that runs this script has been killed. A later Ctrl-C insists. */
function endingAsked(): Promise<undefined> {
  return new Promise((resolveAsked) => {
    let first: number | undefined;
    const ask = () => {
      first ??= Date.now();
      // One Ctrl-C arrives twice under npm: from the terminal, and passed on by npm.
      if (Date.now() - first > 2_000) process.exit(1);
      resolveAsked(undefined);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
    onNpmGone(() => resolveAsked(undefined));
  });
}
