import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apiIdIn, startApiFront } from "./api-front.ts";
import type { LaptopAws } from "./aws.ts";
import { ensureBinary } from "./controlplane/binary.ts";
import { bootstrap, deploy, type Outputs, synthesize } from "./deploy.ts";
import { startSupervisedEks } from "./eks/supervised.ts";
import { startMetricsForwarder } from "./metrics.ts";
import { startMinistack } from "./ministack/ministack.ts";
import { freePort } from "./ports.ts";
import { endProcessGroup, type ProcessRecord, recordOf } from "./processes.ts";
import { performStep, type ReportProgress } from "./progress.ts";
import { startTokenIssuer, type TokenRequest } from "./tokens.ts";

/** Loopback ports; a free one is taken for each that is left out. */
export interface LaptopPorts {
  /** Where the API answers. */
  readonly api?: number;
  /** Where tokens are minted and their keys are served. */
  readonly issuer?: number;
  /** Where the EKS API and the clusters' token reviews answer. */
  readonly eks?: number;
  /** Where the rest of AWS answers. */
  readonly aws?: number;
}

export interface LaptopOptions {
  /** A folder of its own, emptied first: every start is a fresh AWS account. */
  readonly dir: string;
  readonly ports: LaptopPorts;
  /** Which of the stages of `cdk/config.ts` to deploy. */
  readonly stage: string;
  readonly report: ReportProgress;
  /** Ends a start in progress. */
  readonly signal?: AbortSignal;
}

/** Sandlot, deployed on this machine. */
export interface Laptop {
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly aws: LaptopAws;
  /** Where the EKS API answers; every other API of AWS is at `aws.endpoint`. */
  readonly eksUrl: string;
  /** Of the stack, by name. */
  readonly outputs: Outputs;
  token(claims: TokenRequest): Promise<string>;
  /** Settles only when a part without which nothing works has ended by itself; says which. */
  readonly broken: Promise<string>;
  /** Ends every process; repeatable. */
  stop(): Promise<void>;
}

const audience = "sandlot";

/**
 * Starts AWS, Kubernetes and the API on this machine by the very deployment that AWS gets.
 *
 * @throws ToolchainError when the machine lacks a tool; whatever had started is ended before it throws.
 */
export async function startLaptop(options: LaptopOptions): Promise<Laptop> {
  await clear(options.dir);
  const log = (message: string) =>
    appendFileSync(join(options.dir, "laptop.log"), `${new Date().toISOString()} ${message}\n`);
  const report: ReportProgress = (progress) => {
    log(`${progress.step}: ${progress.state} ${progress.message}`);
    options.report(progress);
  };
  const failing = new AbortController();
  const signal = options.signal === undefined ? failing.signal : AbortSignal.any([options.signal, failing.signal]);
  const stops: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    failing.abort(new Error("stopped"));
    // What one part cannot end must not keep the others from ending.
    for (const end of stops.splice(0).reverse()) await end().catch((error: unknown) => log(`stop: ${error}`));
  });
  /** The first failure ends the other parts that are still starting. */
  const part = <T>(name: string, perform: (report: (message: string) => void) => Promise<T>): Promise<T> =>
    performStep(report, name, perform).catch((error: unknown) => {
      failing.abort(error);
      throw error;
    });

  try {
    const issuer = await startTokenIssuer({ port: options.ports.issuer ?? 0, audience });
    stops.push(issuer.stop);
    const front = await startApiFront(options.ports.api ?? 0);
    stops.push(front.stop);
    const eksPort = options.ports.eks ?? (await freePort());

    const building = part("Kubernetes", (tell) => ensureBinary({ report: tell, signal }));
    const writing = part("template", (tell) => {
      const context = { stage: options.stage, issuer: issuer.issuer, audience };
      return synthesize({ dir: join(options.dir, "cdk"), context, report: tell, signal });
    });
    const preparing = part("AWS", async (tell) => {
      const dir = join(options.dir, "aws");
      const ministack = await startMinistack({
        dir,
        ...(options.ports.aws === undefined ? {} : { port: options.ports.aws }),
        environment: { AWS_ENDPOINT_URL_EKS: `http://127.0.0.1:${eksPort}` },
        report: tell,
        signal,
      });
      stops.push(ministack.stop);
      remember(options.dir, ministack.pid);
      const { endpoint, region, caFile, accountId } = ministack;
      const aws: LaptopAws = { endpoint, region, caFile, credentials: ministack.adminCredentials };
      await bootstrap({ dir: join(options.dir, "cdk"), aws, accountId, report: tell, signal });
      return { ministack, aws };
    });
    const [binary, assembly, { ministack, aws }] = await allOrFirstError([building, writing, preparing]);

    const eks = await part("EKS", async (tell) => {
      const eks = await startSupervisedEks({
        awsEndpoint: aws.endpoint,
        ca: aws.caFile,
        region: aws.region,
        port: eksPort,
        dir: join(options.dir, "eks"),
        binary,
        credentials: aws.credentials,
        // It goes on telling after the start, of each cluster.
        report: (message) => {
          log(`EKS: ${message}`);
          tell(message);
        },
        signal,
      });
      stops.push(eks.stop);
      return eks;
    });
    const outputs = await part("deployment", (tell) => {
      const dir = join(options.dir, "cdk");
      return deploy({ dir, aws, accountId: ministack.accountId, assembly, report: tell, signal });
    });
    front.forwardTo({
      apiId: apiIdIn(outputs.ApiUrl ?? ""),
      port: ministack.port,
      ca: readFileSync(aws.caFile, "utf8"),
    });
    const metrics = startMetricsForwarder(aws, (error) => log(`metrics: ${error}`));
    stops.push(metrics.stop);

    return {
      apiUrl: front.url,
      tokenUrl: issuer.tokenUrl,
      aws,
      eksUrl: eks.url,
      outputs,
      token: issuer.mint,
      broken: Promise.race([
        ministack.exited.then(() => `the AWS emulator has ended; see ${ministack.logFile}`),
        eks.broken,
      ]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const processFile = "aws.process.json";

/** Ends what a killed run may have left behind, by the process that it recorded, and starts from an empty folder. */
async function clear(dir: string): Promise<void> {
  const left = readRecord(join(dir, processFile));
  if (left !== undefined) await endProcessGroup(left, 5_000);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
}

function remember(dir: string, pid: number): void {
  const record = recordOf(pid);
  if (record !== undefined) writeFileSync(join(dir, processFile), JSON.stringify(record));
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** As Promise.all, but waits for the others to end before it throws the first error. */
async function allOrFirstError<T extends readonly Promise<unknown>[]>(
  parts: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(parts);
  } finally {
    await Promise.allSettled(parts);
  }
}

function once(perform: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= perform();
    return result;
  };
}
