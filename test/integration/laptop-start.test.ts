import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort, isFree } from "../../local/ports.ts";
import { isAlive, type ProcessRecord, recordOf } from "../../local/processes.ts";

const checkout = resolve(import.meta.dirname, "../..");
const minutes = 60_000;

/** One run of `node local/start.ts` with what it has written so far. */
interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

let folder: string;
let runs: Run[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "laptop-"));
  runs = [];
});
afterEach(async () => {
  for (const { child, exit } of runs) {
    child.kill("SIGKILL");
    await exit;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ["local/start.ts", "--state", join(folder, "state"), ...args], {
    cwd: checkout,
    env: { ...process.env, npm_lifecycle_event: undefined, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  const exit = new Promise<number | null>((resolveExit) => child.once("close", resolveExit));
  const run = { child, output: () => said, exit };
  runs.push(run);
  return run;
}

/** Waits until the run has written `text`; fails with all that it wrote when it ends or takes too long. */
async function says(run: Run, text: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!run.output().includes(text)) {
    const ended = run.child.exitCode !== null || run.child.signalCode !== null;
    if (ended || Date.now() > deadline) throw new Error(`It did not say "${text}":\n${run.output()}`);
    await sleep(100);
  }
}

/** Four free ports in a row, as `--port` takes them. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const free = await Promise.all([0, 1, 2, 3].map((step) => first + step < 65_536 && isFree(first + step)));
    if (free.every((it) => it)) return first;
  }
}

/** A PATH that leads to these programs of this machine, and no other. */
function pathWith(...programs: readonly string[]): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const program of programs) {
    const found = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
    symlinkSync(found, join(bin, program));
  }
  return bin;
}

/** Every process below this one, however deep. */
function descendants(pid: number): ProcessRecord[] {
  const pairs = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.flatMap(([child, of]) => (of === parent && child !== undefined ? [child, ...below(child)] : []));
  return below(pid).flatMap((it) => recordOf(it) ?? []);
}

async function untilGone(processes: readonly ProcessRecord[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (processes.some(isAlive) && Date.now() < deadline) await sleep(100);
  const left = processes.filter(isAlive).map((it) => it.pid);
  expect(left, "processes left behind").toEqual([]);
}

function pidOf(run: Run): number {
  if (run.child.pid === undefined) throw new Error("the run has no process id");
  return run.child.pid;
}

describe("npm start explains itself", () => {
  it("--help", async () => {
    const run = start(["--help"]);
    expect(await run.exit).toBe(0);
    expect(run.output()).toContain("--port NUMBER");
  });

  it.each([
    [["--prot", "1"], /--prot/],
    [["--port", "none"], /--port none is no port/],
    [["--stage", "moon"], /moon.*laptop/s],
  ])("%j is refused", async (args, why) => {
    const run = start([...args, ...(args.includes("--stage") ? ["--port", String(await freePorts())] : [])]);
    expect(await run.exit).toBe(1);
    expect(run.output()).toMatch(why);
  });

  it("a taken port is named, with the way out", async () => {
    const first = await freePorts();
    const other = createServer();
    await new Promise<void>((listening) => other.listen(first + 2, "127.0.0.1", listening));
    try {
      const run = start(["--port", String(first)]);
      expect(await run.exit).toBe(1);
      expect(run.output()).toBe(
        `Port ${first + 2} is taken by another program. Choose four others: npm start -- --port 8500\n`,
      );
    } finally {
      other.close();
    }
  });

  it.each([
    ["Python", /Python 3\.10 or newer is needed/, ["go"]],
    ["Go", /Go .* is needed|needs Go/i, ["python3"]],
  ])("without %s it says what to install, in one message without a stack", async (_, message, others) => {
    const environment = {
      PATH: pathWith("sh", "dirname", ...others),
      XDG_CACHE_HOME: join(folder, "cache"),
      KUBEBUILDER_ASSETS: undefined,
    };
    const run = start(["--port", String(await freePorts())], environment);
    expect(await run.exit).toBe(1);
    const lines = run.output().split("\n");
    expect(lines.filter((line) => message.test(line))).toHaveLength(1);
    expect(run.output()).not.toMatch(/^\s+at /m);
  });
});

describe("a running laptop", () => {
  it("refuses a second one beside it, and Ctrl-C leaves no process", { timeout: 10 * minutes }, async () => {
    const port = await freePorts();
    const run = start(["--port", String(port)]);
    await says(run, "The API answers at", 8 * minutes);
    expect((await fetch(`http://127.0.0.1:${port}/v1/health`)).status).toBe(200);

    const second = start(["--port", String(await freePorts())]);
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(
      `Sandlot already runs from ${join(folder, "state")}, as process ${run.child.pid}`,
    );

    const processes = descendants(pidOf(run));
    expect(processes.length).toBeGreaterThan(2);
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(0);
    await untilGone(processes, 1_000);
    expect(existsSync(join(folder, "state", "lock"))).toBe(false);
  });

  it("that is killed leaves no process for long, and the next one starts afresh", {
    timeout: 10 * minutes,
  }, async () => {
    const args = ["--port", String(await freePorts())];
    const killed = start(args);
    await says(killed, "The API answers at", 8 * minutes);
    const processes = descendants(pidOf(killed));
    killed.child.kill("SIGKILL");
    await killed.exit;

    const next = start(args);
    await says(next, "The API answers at", 8 * minutes);
    await untilGone(processes, 10_000);
    const { pid } = JSON.parse(readFileSync(join(folder, "state", "lock"), "utf8"));
    expect(pid).toBe(next.child.pid);
    next.child.kill("SIGTERM");
    expect(await next.exit).toBe(0);
  });
});
