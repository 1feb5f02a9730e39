import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { LaptopAws } from "./aws.ts";

export interface DeployOptions {
  /** A folder for the CDK's own files. */
  readonly dir: string;
  readonly report: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Name and value of each output of the stack. */
export type Outputs = Readonly<Record<string, string>>;

const checkout = resolve(import.meta.dirname, "..");
const cdkCli = join(checkout, "node_modules", "aws-cdk", "bin", "cdk");

/** Writes the CloudFormation template of a stage, with the functions' bundles; needs no AWS. Returns the assembly's folder. */
export async function synthesize(
  options: DeployOptions & { readonly context: Readonly<Record<string, string>> },
): Promise<string> {
  const assembly = join(options.dir, "assembly");
  const context = Object.entries(options.context).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  options.report("bundling the functions and writing the template");
  await cdk(["synth", "--quiet", "--output", assembly, ...context], checkout, environmentWithoutAws(), options);
  return assembly;
}

/** `cdk bootstrap`: what the CDK needs in an account before its first deployment. */
export async function bootstrap(options: DeployOptions & { readonly aws: LaptopAws; readonly accountId: string }) {
  const { aws, accountId, dir } = options;
  mkdirSync(dir, { recursive: true });
  options.report("cdk bootstrap");
  // Outside of the checkout's own folder, so that the CLI finds no application to synthesize.
  await cdk(["bootstrap", `aws://${accountId}/${aws.region}`], dir, environmentFor(aws, accountId), options);
}

/** `cdk deploy` of a synthesized assembly. Returns the outputs of its only stack. */
export async function deploy(
  options: DeployOptions & { readonly aws: LaptopAws; readonly accountId: string; readonly assembly: string },
): Promise<Outputs> {
  const { aws, accountId, assembly, dir } = options;
  const outputsFile = join(dir, "outputs.json");
  const flags = ["--all", "--require-approval", "never", "--progress", "events", "--outputs-file", outputsFile];
  options.report("cdk deploy");
  await cdk(["deploy", "--app", assembly, ...flags], checkout, environmentFor(aws, accountId), options);
  const stacks = Object.values(JSON.parse(readFileSync(outputsFile, "utf8")) as Record<string, Outputs>);
  const [outputs] = stacks;
  if (outputs === undefined) throw new Error(`The deployment put no outputs into ${outputsFile}.`);
  return outputs;
}

/** What the CDK says of a resource's progress, in short; undefined for its other lines. */
export function progressIn(line: string): string | undefined {
  const match = /\|\s*(\d+)\/(\d+)\s*\|[^|]*\|\s*(\w+)\s*\|\s*(AWS::[\w:]+|Custom::\w+)/.exec(line);
  return match === null ? undefined : `cdk deploy: ${match[1]} of ${match[2]} resources, ${match[4]}`;
}

/** This process's environment without anything that could reach the user's own AWS. */
function environmentWithoutAws(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_") && !name.startsWith("CDK_"));
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: join(checkout, ".no-aws-config"),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SHARED_CREDENTIALS_FILE: join(checkout, ".no-aws-credentials"),
    CDK_DISABLE_CLI_TELEMETRY: "true",
    CDK_DISABLE_VERSION_CHECK: "true",
    NO_PROXY: [process.env.NO_PROXY, "127.0.0.1", "localhost"].filter((it) => it).join(","),
    PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
  };
}

function environmentFor(aws: LaptopAws, accountId: string): NodeJS.ProcessEnv {
  return {
    ...environmentWithoutAws(),
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_CA_BUNDLE: aws.caFile,
    AWS_DEFAULT_REGION: aws.region,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    CDK_DEFAULT_ACCOUNT: accountId,
    CDK_DEFAULT_REGION: aws.region,
  };
}

/** Runs the CLI to its end. @throws Error with the end of its output when it fails. */
async function cdk(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  options: DeployOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  const flags = ["--no-notices", "--no-color", "--ci"];
  const child = spawn(process.execPath, [cdkCli, ...args, ...flags], {
    cwd,
    env,
    // Its own process group, so that an abort ends what it starts as well, such as the application.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const abort = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  options.signal?.addEventListener("abort", abort, { once: true });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      const progress = progressIn(line);
      if (progress !== undefined) options.report(progress);
    });
  }
  try {
    const code = await new Promise<number | null>((resolveCode, reject) => {
      child.once("error", reject);
      child.once("close", resolveCode);
    });
    options.signal?.throwIfAborted();
    if (code !== 0) throw new Error(`cdk ${args[0]} failed:\n${said.slice(-30).join("\n")}`);
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}
