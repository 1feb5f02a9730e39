import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startDynamoDbLocal } from "../support/dynamodb-local.ts";
import { recordClaim, startBareWriter } from "./bare-writes.ts";
import type { Bench, Outcome } from "./bench-context.ts";
import { buildBundles } from "./bundles.ts";
import { closeConnections } from "./claims.ts";
import { startFunction } from "./functions.ts";
import { describeMachine } from "./machine.ts";
import { publish, type Report, tableOf } from "./report.ts";
import { arrivals } from "./scenarios/arrivals.ts";
import { contention } from "./scenarios/contention.ts";
import { firstClaim } from "./scenarios/first-claim.ts";
import { growth } from "./scenarios/growth.ts";
import { importTime } from "./scenarios/import-time.ts";
import { overQuota } from "./scenarios/over-quota.ts";
import { burst, throughput } from "./scenarios/throughput.ts";
import { warmClaim } from "./scenarios/warm-claim.ts";
import { startQueues } from "./sqs.ts";

const scenarios = {
  contention,
  warmClaim,
  throughput,
  burst,
  arrivals,
  growth,
  overQuota,
  importTime,
  firstClaim,
} as const;
type ScenarioName = keyof typeof scenarios;

const usage = `Measures claims: the deployed bundles in worker threads, behind HTTP, against DynamoDB Local in memory.

  npm run bench                       everything, about four minutes; writes docs/bench
  npm run bench -- --quick            shorter runs, about a minute; prints the table only
  npm run bench -- --only a,b         some scenarios; prints the table only
                                      (${Object.keys(scenarios).join(", ")})
  npm run bench -- --out <folder>     writes table, JSON and plots there

Quote ratios: both sides of each were measured in turns in the same run. Ctrl-C ends it and leaves nothing behind.`;

const published = join(import.meta.dirname, "..", "..", "docs", "bench");

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const names = Object.keys(scenarios) as ScenarioName[];
  const chosen = values.only === undefined ? names : names.filter((it) => values.only?.split(",").includes(it));
  if (chosen.length === 0) throw new Error(`--only names no scenario. There are: ${names.join(", ")}.`);

  const started = performance.now();
  const report = await play(chosen, values.quick, (line) => {
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
  });
  process.stdout.write(`\n${tableOf(report)}\n`);
  const folder = values.out ?? (values.quick || values.only !== undefined ? undefined : published);
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await publish(report, folder);
  process.stdout.write(`\nWritten to ${folder}\n`);
}

async function play(names: readonly ScenarioName[], quick: boolean, say: (line: string) => void): Promise<Report> {
  const started = performance.now();
  say("building the bundles, starting DynamoDB Local");
  const bundles = buildBundles();
  const dynamoDb = await startDynamoDbLocal();
  const table = { client: dynamoDb.client, tableName: await dynamoDb.createTable() };
  const queues = await startQueues();
  const environment = (name: string) => ({
    AWS_REGION: "local",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    TABLE_NAME: table.tableName,
    DEPLOYMENT_ID: "bench",
    POWERTOOLS_SERVICE_NAME: name,
    POWERTOOLS_METRICS_NAMESPACE: "Sandlot",
    REFILL_QUEUE_URL: queues.refillUrl,
    WORK_QUEUE_URL: queues.workUrl,
  });
  const api = await startFunction({ module: bundles.api, trigger: "gateway" }, environment("api"));
  const refiller = await startFunction({ module: bundles.refiller, trigger: "queue" }, environment("refiller"));
  const recorded = await recordClaim(table);
  const bare = await startBareWriter({ endpoint: dynamoDb.endpoint, claim: recorded });
  const bench: Bench = { table, bundles, environment, api, refiller, queues, bare, recorded, quick, say };

  say("warming up");
  const quiet = { ...bench, quick: true, say: () => undefined };
  await throughput(quiet, "warm-up");
  const outcomes: Partial<Record<ScenarioName, Outcome>> = {};
  for (const name of names) {
    say(name);
    outcomes[name] = await scenarios[name](bench);
  }
  closeConnections();
  await Promise.all([api.stop(), refiller.stop(), bare.stop(), queues.stop()]);
  await dynamoDb.stop();
  const seconds = (performance.now() - started) / 1000;
  return { at: new Date().toISOString(), seconds, quick, machine: await describeMachine(), outcomes };
}

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
await main();
