import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig, type LaptopAws } from "../../local/aws.ts";
import { startMetricsForwarder } from "../../local/metrics.ts";
import { type Ministack, startMinistack } from "../../local/ministack/ministack.ts";
import { isFree } from "../../local/ports.ts";
import { isAlive, recordOf } from "../../local/processes.ts";

let folder: string;
let ministack: Ministack;
let aws: LaptopAws;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ministack-"));
  ministack = await startMinistack({ dir: join(folder, "one"), report: () => {} });
  const { endpoint, region, caFile, adminCredentials } = ministack;
  aws = { endpoint, region, caFile, credentials: adminCredentials };
});
afterAll(async () => {
  await ministack.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(200);
  }
}

describe("the AWS emulator", () => {
  it("knows the operator as the account's root, and enforces policies for everybody else", async () => {
    const { Arn } = await new STSClient(clientConfig(aws)).send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe(`arn:aws:iam::${ministack.accountId}:root`);

    const iam = new IAMClient(clientConfig(aws));
    await iam.send(new CreateUserCommand({ UserName: "nobody" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }));
    const credentials = {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
    const nobody = new IAMClient(clientConfig({ ...aws, credentials }));
    await expect(nobody.send(new ListUsersCommand({}))).rejects.toThrow(/not authorized/);
    const forger = new IAMClient(clientConfig({ ...aws, credentials: { ...credentials, secretAccessKey: "guessed" } }));
    await expect(forger.send(new ListUsersCommand({}))).rejects.toThrow(/signature/);
  });

  it("is to be trusted by its certificate only", async () => {
    const status = (ca: string | undefined) =>
      new Promise<number | undefined>((resolve, reject) => {
        const url = `${ministack.endpoint}/_ministack/health`;
        request(url, ca === undefined ? {} : { ca }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await status(readFileSync(ministack.caFile, "utf8"))).toBe(200);
    await expect(status(undefined)).rejects.toThrow(/self-signed/);
  });

  it("ends with stop, and its port is free again", async () => {
    const other = await startMinistack({ dir: join(folder, "two"), report: () => {} });
    await other.stop();
    await other.stop();
    await other.exited;
    expect(recordOf(other.pid)).toBeUndefined();
    expect(await isFree(other.port)).toBe(true);
  });

  it("ends with the process that started it, even when that is killed", async () => {
    const script = `
      import { startMinistack } from ${JSON.stringify(join(import.meta.dirname, "../../local/ministack/ministack.ts"))};
      const { pid } = await startMinistack({ dir: ${JSON.stringify(join(folder, "three"))}, report: () => {} });
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await new Promise<string[]>((resolve) =>
      createInterface({ input: starter.stdout }).once("line", (text) => resolve([text])),
    );
    const record = recordOf(Number(line));
    starter.kill("SIGKILL");
    if (record === undefined) throw new Error(`no such process: ${line}`);
    await until("MiniStack has ended", () => !isAlive(record), 10_000);
  });

  it("says why it did not start", async () => {
    const second = startMinistack({ dir: join(folder, "four"), port: ministack.port, report: () => {} });
    await expect(second).rejects.toThrow(new RegExp(`did not start.*${ministack.port} is already in use`, "s"));
  });
});

it("metric lines in logs become metrics, each once, and raise alarms", async () => {
  const logs = new CloudWatchLogsClient(clientConfig(aws));
  const metrics = new CloudWatchClient(clientConfig(aws));
  const metric = { Namespace: "Sandlot", MetricName: "Refused", Dimensions: [{ Name: "pool", Value: "small" }] };
  await metrics.send(
    new PutMetricAlarmCommand({
      ...metric,
      AlarmName: "exhausted",
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
    }),
  );
  const stream = { logGroupName: "/sandlot/api", logStreamName: "one" };
  await logs.send(new CreateLogGroupCommand(stream));
  await logs.send(new CreateLogStreamCommand(stream));
  const failures: unknown[] = [];
  const forwarder = startMetricsForwarder(aws, (error) => failures.push(error));
  try {
    const write = (refused: number) => {
      const Timestamp = Date.now();
      const directive = { Namespace: "Sandlot", Dimensions: [["pool"]], Metrics: [{ Name: "Refused", Unit: "Count" }] };
      const line = { _aws: { Timestamp, CloudWatchMetrics: [directive] }, pool: "small", Refused: refused };
      const logEvents = [
        { timestamp: Timestamp, message: "START" },
        { timestamp: Timestamp, message: JSON.stringify(line) },
      ];
      return logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    };
    const sum = async () => {
      const window = {
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 3600,
      };
      const { Datapoints } = await metrics.send(
        new GetMetricStatisticsCommand({ ...metric, ...window, Statistics: ["Sum"] }),
      );
      return (Datapoints ?? []).reduce((total, point) => total + (point.Sum ?? 0), 0);
    };
    await write(1);
    await until("the first line counts", async () => (await sum()) === 1);
    await write(2);
    await until("the second line counts", async () => (await sum()) === 3);
    await sleep(6_000);
    expect(await sum()).toBe(3);
    const { MetricAlarms } = await metrics.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms?.map((it) => it.StateValue)).toEqual(["ALARM"]);
    expect(failures).toEqual([]);
  } finally {
    await forwarder.stop();
  }
});
