import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../ports.ts";
import { endProcessGroup, type ProcessRecord, recordOf } from "../processes.ts";
import { createCertificate } from "./certificate.ts";
import { ensureMinistack, type Report } from "./install.ts";

export interface MinistackOptions {
  /** A folder of its own, for the certificate, the log and temporary files; created if need be. */
  readonly dir: string;
  /** A free loopback port is chosen without it. */
  readonly port?: number;
  /** More variables for MiniStack's process, which every function inherits. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly report: Report;
  readonly signal?: AbortSignal;
}

/** AWS credentials as the SDK takes them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running AWS emulator, with policies enforced, reachable from this machine only. */
export interface Ministack {
  /** Where every AWS client of this machine sends its calls. */
  readonly endpoint: string;
  readonly port: number;
  /** PEM file to trust for `endpoint`. */
  readonly caFile: string;
  readonly pid: number;
  /** The account's root user, whom no policy limits: for deploying and for the laptop's own machinery. */
  readonly adminCredentials: Credentials;
  readonly region: string;
  readonly accountId: string;
  readonly logFile: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it with every function process; repeatable. */
  stop(): Promise<void>;
}

const region = "us-east-1";
const accountId = "000000000000";
const adminCredentials: Credentials = { accessKeyId: "test", secretAccessKey: "test" };
const secondsToStart = 60;

/**
 * Installs MiniStack if need be and starts it, empty. It ends with this process, however this process ends.
 *
 * @throws ToolchainError without a fitting Python; Error with the end of its log when it does not come up.
 */
export async function startMinistack(options: MinistackOptions): Promise<Ministack> {
  const { dir, report, signal } = options;
  mkdirSync(join(dir, "tmp"), { recursive: true });
  const python = await ensureMinistack(report, signal);
  const port = options.port ?? (await freePort());
  const { certificate, key } = await createCertificate(new Date());
  const caFile = join(dir, "certificate.pem");
  const keyFile = join(dir, "key.pem");
  const bundleFile = join(dir, "trusted.pem");
  const logFile = join(dir, "ministack.log");
  writeFileSync(caFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  // Functions run below this folder: the type of a checkout's own package.json must not reach them.
  writeFileSync(join(dir, "package.json"), '{"type":"commonjs"}');
  writeFileSync(bundleFile, `${certificate}\n${certificatesTrustedAlready()}`);

  report("starting the AWS emulator");
  const log = openSync(logFile, "w");
  const child = spawn(python, ["-I", join(import.meta.dirname, "launch.py")], {
    cwd: dir,
    // Its own process group, so that Ctrl-C reaches this process only, which then ends things in order.
    detached: true,
    stdio: ["pipe", log, log],
    env: {
      ...surroundings(dir),
      AUTH: "true",
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: "0",
      MINISTACK_ACCOUNT_ID: accountId,
      MINISTACK_HOST: "localhost",
      MINISTACK_REGION: region,
      MINISTACK_SSL_CERT: caFile,
      MINISTACK_SSL_KEY: keyFile,
      NODE_EXTRA_CA_CERTS: bundleFile,
      USE_SSL: "1",
      ...options.environment,
    },
  });
  const running = await supervise(child);
  const endpoint = `https://127.0.0.1:${port}`;
  try {
    await untilHealthy(endpoint, certificate, child, logFile, signal);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { endpoint, port, caFile, adminCredentials, region, accountId, logFile, ...running };
}

/**
 * What MiniStack and so every function gets of this process's environment: little, as on Lambda. The user's AWS
 * credentials and profiles must not reach them.
 */
function surroundings(dir: string): Record<string, string> {
  const kept = ["LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: join(dir, "no-aws-config"),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SHARED_CREDENTIALS_FILE: join(dir, "no-aws-credentials"),
    HOME: dir,
    NO_PROXY: "127.0.0.1,localhost",
    // MiniStack runs functions with the first Node it finds: this one.
    PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    PYTHONUNBUFFERED: "1",
    S3_DATA_DIR: join(dir, "s3"),
    STATE_DIR: join(dir, "state"),
    TMPDIR: join(dir, "tmp"),
  };
}

/** NODE_EXTRA_CA_CERTS names one file: what it named for this user stays trusted beside the laptop's own. */
function certificatesTrustedAlready(): string {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  try {
    return file === undefined || file === "" ? "" : readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function supervise(child: ChildProcess): Promise<Pick<Ministack, "pid" | "exited" | "stop">> {
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  // The pipe only says that this process lives; that MiniStack ended is learnt from its exit.
  child.stdin?.on("error", () => {});
  const pid = child.pid;
  const record: ProcessRecord | undefined = pid === undefined ? undefined : recordOf(pid);
  if (pid === undefined) throw new Error("the AWS emulator has no process id");
  return {
    pid,
    exited,
    stop: async () => {
      if (record === undefined || child.exitCode !== null || child.signalCode !== null) return;
      await endProcessGroup(record, 5_000);
      await exited;
    },
  };
}

async function untilHealthy(
  endpoint: string,
  ca: string,
  child: ChildProcess,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + secondsToStart * 1_000;
  while (Date.now() < deadline) {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await answers(`${endpoint}/_ministack/health`, ca)) return;
    await sleep(100, undefined, signal === undefined ? {} : { signal });
  }
  throw new Error(`The AWS emulator did not start. The end of ${logFile}:\n${lastLines(logFile, 15)}`);
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { ca, timeout: 2_000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

function lastLines(file: string, count: number): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}
