import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clearFaults } from "../../local/eks/faults/client.ts";
import type { ReportProgress } from "../../local/progress.ts";
import { call } from "../support/http.ts";
import { type Api, connectApi } from "./api.ts";
import { audit, type Check, readEverySandbox } from "./audit.ts";
import { detachInterfaces, listCloud } from "./cloud.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { type MemorySample, type MemoryTrend, sampleMemory, trendsOf } from "./memory.ts";
import { type Operator, operate } from "./operator.ts";
import { clockOf, findingsOf, memoryTable, tableOf, timelineOf } from "./report.ts";
import { scheduleOf } from "./schedule.ts";
import { type LaptopProcess, startLaptopProcess } from "./start-laptop.ts";
import { activeFaults, strike } from "./trouble.ts";
import { play } from "./visitor.ts";

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** A folder of its own, emptied first. */
  readonly dir: string;
  /** Ends the trouble early; the audit follows. */
  readonly ending: AbortSignal;
  readonly reportStart: ReportProgress;
  readonly say: (text: string) => void;
}

export interface ChaosOutcome {
  /** Whether no check has found anything. */
  readonly isClean: boolean;
  /** Table, timeline, memory and findings. */
  readonly report: string;
}

const poolId = "chaos";
const sayEveryMs = 5_000;
const sampleEveryMs = 5_000;
/** As the pool's `minWarm`. */
const warmAtFirst = 2;
const warmWithinMs = 180_000;
const drainWithinMs = 10 * 60_000;
/** Shorter runs are over before memory has settled. */
const heldFromMinutes = 20;
const growthAllowed = 0.1;

/**
 * Plays a seed for so many minutes on a laptop of its own, and audits what is left.
 *
 * @throws Error when the laptop does not start, breaks, or has no warm cluster to begin with.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { dir, ending, reportStart, say } = options;
  const laptop = await startLaptopProcess({ dir, stage: "chaos" }, reportStart, ending);
  try {
    const broken = laptop.broken.then((why) => {
      throw new Error(`The laptop has ended: ${why}. Logs are in ${dir}.`);
    });
    return await Promise.race([playAndAudit(options, laptop), broken]);
  } finally {
    say("ending every process");
    await laptop.stop();
  }
}

/** What all parts of a run share. */
interface Scene extends ChaosOptions {
  readonly laptop: LaptopProcess;
  readonly api: Api;
  readonly ledger: Ledger;
  readonly operator: Operator;
  readonly samples: MemorySample[];
  /** Milliseconds since the start. */
  readonly now: () => number;
}

async function playAndAudit(options: ChaosOptions, laptop: LaptopProcess): Promise<ChaosOutcome> {
  const list = () => listCloud(laptop.aws, laptop.eksUrl);
  const before = await listCloud(laptop.aws, laptop.eksUrl, { withoutClusters: true });
  const startedAt = Date.now();
  const now = () => Date.now() - startedAt;
  const ledger = openLedger(now);
  const api = connectApi(laptop.apiUrl, () => mintToken(laptop.tokenUrl, options.minutes));
  const operator = operate(api, poolId, ledger, (id) => detachInterfaces(laptop.aws, id));
  const scene: Scene = { ...options, laptop, api, ledger, operator, samples: [], now };

  const stopTelling = tellProgress(scene);
  try {
    await untilWarm(scene);
    const playedFrom = now();
    await playTrouble(scene);
    const troubleEndedAt = now();
    const isDrained = await drain(scene);
    const drainSeconds = Math.round((now() - troubleEndedAt) / 1_000);
    options.say(
      isDrained ? `drained in ${drainSeconds} s, auditing` : `NOT drained within ${drainSeconds} s, auditing`,
    );
    const trends = trendsOf(scene.samples.filter(({ at }) => at >= playedFrom && at <= troubleEndedAt));
    const checks = [
      ...(await audit({ api, ledger, before, list, retried: operator.retried })),
      growthCheck(trends, options.minutes),
    ];
    return outcomeOf(scene, checks, trends, playedFrom, drainSeconds);
  } finally {
    stopTelling();
  }
}

async function mintToken(tokenUrl: string, minutes: number): Promise<string> {
  const { status, body } = await call(tokenUrl, {
    method: "POST",
    body: { tenant: "chaos", subject: "load", expiresInSeconds: Math.ceil(minutes * 60) + 3_600 },
  });
  if (status !== 200) throw new Error(`The issuer answered ${status}: ${JSON.stringify(body)}`);
  return body.token;
}

/** Trouble begins with a pool that works, so that what it breaks is known. */
async function untilWarm({ operator, ending }: Scene): Promise<void> {
  const deadline = Date.now() + warmWithinMs;
  while (((await operator.look())?.available ?? 0) < warmAtFirst && !ending.aborted) {
    if (Date.now() > deadline) throw new Error(`The pool was not filled within ${warmWithinMs / 1_000} s.`);
    await sleep(1_000);
  }
}

/** Plays visits and blows as scheduled; resolves when the time is over and every visitor has stopped. */
async function playTrouble({ minutes, seed, ending, laptop, api, ledger, operator, dir }: Scene): Promise<void> {
  const over = AbortSignal.any([ending, AbortSignal.timeout(minutes * 60_000)]);
  const { visits, blows } = scheduleOf(seed, minutes);
  const visitor = { api, ledger, poolId, folder: join(dir, "kubeconfigs"), signal: over };
  const trouble = { runtime: laptop.pid, eksUrl: laptop.eksUrl, ledger };
  const began = Date.now();
  const inTime = async <T extends { readonly at: number }>(them: readonly T[], perform: (it: T) => Promise<void>) => {
    const failures: unknown[] = [];
    const performed: Promise<void>[] = [];
    for (const it of them) {
      await sleep(Math.max(0, began + it.at - Date.now()), undefined, { signal: over }).catch(() => {});
      if (over.aborted) break;
      performed.push(perform(it).catch((error: unknown) => void failures.push(error)));
    }
    await Promise.all(performed);
    if (failures.length > 0) throw failures[0];
  };
  await Promise.all([
    inTime(visits, (visit) => play(visit, visitor)),
    inTime(blows, (blow) => strike(blow, trouble)),
    operator.watch(over),
  ]);
}

/** Ends the faults, every sandbox and every cluster; false when something is left when the time is up. */
async function drain({ laptop, api, ledger, operator, say }: Scene): Promise<boolean> {
  say("the trouble is over: ending every sandbox, draining the pool");
  const deadline = Date.now() + drainWithinMs;
  await calmEks(laptop.eksUrl, deadline);
  await operator.drain();
  while (Date.now() < deadline) {
    const sandboxes = await readEverySandbox(api, ledger);
    for (const { id } of sandboxes.filter(({ state }) => ["pending", "ready", "active"].includes(state))) {
      const answer = await api.ask(`/v1/sandboxes/${id}`, { method: "DELETE" });
      ledger.saw(answer?.body);
    }
    await operator.retryQuarantined();
    const look = await operator.look();
    const isOver = sandboxes.every(({ state }) => state === "terminated" || state === "failed");
    if (look?.total === 0 && isOver) return true;
    await sleep(2_000);
  }
  return false;
}

/** local/eks may just have been killed, and starts again. */
async function calmEks(eksUrl: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await clearFaults(eksUrl);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

/** A line every few seconds, and memory as often; the answer ends it. */
function tellProgress({ ledger, operator, laptop, samples, now, say }: Scene): () => void {
  const tell = async () => {
    const {
      available = 0,
      claimed = 0,
      inFlight = 0,
      tearingDown = 0,
      quarantined = 0,
      waiting = 0,
    } = operator.last ?? {};
    const kills = ledger.count((it) => it.startsWith("kill "));
    const faults = await activeFaults(laptop.eksUrl);
    say(
      `${clockOf(now())}  live ${claimed}  waiting ${waiting}  warm ${available}  building ${inFlight}  ending ${tearingDown}  ` +
        `quarantined ${quarantined}  kills ${kills}  faults ${faults.join(" ") || "none"}`,
    );
  };
  const telling = setInterval(() => void tell(), sayEveryMs);
  const sampling = setInterval(() => samples.push(sampleMemory(laptop.pid, now())), sampleEveryMs);
  return () => {
    clearInterval(telling);
    clearInterval(sampling);
  };
}

function growthCheck(trends: readonly MemoryTrend[], minutes: number): Check {
  const grown = trends.filter(({ isHeld, growth }) => isHeld && growth !== undefined && growth > growthAllowed);
  return {
    name: `processes that grew beyond ${growthAllowed * 100} %`,
    found:
      minutes < heldFromMinutes ? [] : grown.map(({ role, growth = 0 }) => `${role}: ${(growth * 100).toFixed(1)} %`),
  };
}

function outcomeOf(
  { ledger, operator, api, seed, minutes, ending }: Scene,
  checks: readonly Check[],
  trends: readonly MemoryTrend[],
  playedFrom: number,
  drainSeconds: number,
): ChaosOutcome {
  const findings = findingsOf(checks);
  const more: readonly (readonly [string, string])[] = [
    ["calls without an answer, repeated", String(api.disturbed)],
    ["classes given up and resumed / clusters retried", `${operator.resumed} / ${operator.retried.size}`],
    ["seconds to drain", String(drainSeconds)],
  ];
  const sections = [
    `seed ${seed}, ${minutes} minutes${ending.aborted ? ", ended early" : ""}`,
    tableOf(ledger, checks, more),
    timelineOf(ledger, playedFrom),
    memoryTable(trends),
    findings === "" ? "Nothing was left, lost or handed out twice." : `FINDINGS\n${findings}`,
  ];
  return { isClean: findings === "", report: `${sections.join("\n\n")}\n` };
}
