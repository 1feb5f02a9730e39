import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../cache.ts";
import { waitForLock } from "../lock.ts";
import { endProcessGroup, recordOf } from "../processes.ts";
import { isAtLeast, ToolchainError, versionIn } from "../toolchain.ts";
import { components } from "./component.ts";

const run = promisify(execFile);
const sources = import.meta.dirname;
const secondsBetweenReports = 5;

/** A folder that holds every component under upstream's name. */
export interface Binary {
  readonly folder: string;
  /** Whether its programs end by themselves when the process that started them is gone. */
  readonly endsWithParent: boolean;
}

export interface BinaryOptions {
  /** How progress is told: one short sentence, without a final stop, at least every ten seconds. */
  readonly report: (message: string) => void;
  /** Ends a build under way. */
  readonly signal?: AbortSignal;
}

/**
 * The control plane's programs: those of `KUBEBUILDER_ASSETS` where that folder has them all, otherwise built with Go
 * from the pinned sources. The first call on a machine takes minutes; later ones, of any checkout, find the result.
 * Safe to call from several processes at once.
 *
 * @throws ToolchainError when there is no fitting Go; Error with the compiler's own words when the build fails.
 */
export async function ensureBinary(options: BinaryOptions): Promise<Binary> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets !== undefined && isComplete(assets)) return { folder: assets, endsWithParent: false };

  const folder = cacheFolder("controlplane", cacheKey());
  const binary = { folder, endsWithParent: true };
  if (existsSync(folder)) return binary;
  const go = await findGo();
  mkdirSync(dirname(folder), { recursive: true });
  const lock = await waitForLock(
    `${folder}.lock`,
    (holder) => options.report(`waiting for process ${holder.pid}, which builds the control-plane binary`),
    options.signal,
  );
  try {
    if (!existsSync(folder)) await build(go, folder, options);
  } finally {
    lock.release();
  }
  return binary;
}

/** Names one build: another source, dependency or platform has another key. */
export function cacheKey(folder = sources, platform = `${process.platform}-${process.arch}`): string {
  const hash = createHash("sha256").update(platform).update(linkerFlags());
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

function isComplete(folder: string): boolean {
  return components.every((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The name of a Go that can build the sources. From 1.21 on, Go fetches the newer one that it is asked for by itself. */
async function findGo(): Promise<string> {
  const needed = /^go (\S+)$/m.exec(goMod())?.[1] ?? "";
  const found = await run("go", ["version"], { cwd: sources }).then(
    ({ stdout }) => stdout.trim(),
    (error: NodeJS.ErrnoException & { readonly stderr?: string }) =>
      error.code === "ENOENT" ? "there is no go on the PATH" : (error.stderr ?? "").trim(),
  );
  const version = found.startsWith("go version ") ? versionIn(found) : undefined;
  if (version !== undefined && isAtLeast(version, versionIn(needed) ?? [])) return "go";
  throw new ToolchainError(
    `Go ${needed} or newer is needed to build the Kubernetes control plane (once; four minutes): ${found}. ` +
      "Install it (`brew install go`, or https://go.dev/dl/) and try again, or let KUBEBUILDER_ASSETS name a folder " +
      `that holds ${components.join(", ")}.`,
  );
}

/** Builds beside the final place and renames, so that a kill in the middle never leaves a broken binary. */
async function build(go: string, folder: string, { report, signal }: BinaryOptions): Promise<void> {
  removeDrafts(folder);
  const draft = `${folder}.${process.pid}.draft`;
  mkdirSync(draft);
  const target = join(draft, "controlplane");
  try {
    await compile(go, target, report, signal);
    for (const name of components) symlinkSync(basename(target), join(draft, name));
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** What killed builds left behind; an orphaned compiler that still writes there then fails, and harms nobody. */
function removeDrafts(folder: string): void {
  for (const entry of readdirSync(dirname(folder))) {
    if (!entry.startsWith(`${basename(folder)}.`) || !entry.endsWith(".draft")) continue;
    rmSync(join(dirname(folder), entry), { recursive: true, force: true });
  }
}

/** Small, and with the version that upstream's own build would have written in. */
function linkerFlags(): string {
  const [, version = "", major = "", minor = ""] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(goMod()) ?? [];
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitCommit: "", gitTreeState: "clean" };
  return [
    "-s -w",
    ...Object.entries(facts).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
  ].join(" ");
}

function goMod(): string {
  return readFileSync(join(sources, "go.mod"), "utf8");
}

async function compile(
  go: string,
  target: string,
  report: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(go, ["build", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags(), "-o", target, "."], {
    cwd: sources,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOOS: "", GOARCH: "" },
  });
  const record = child.pid === undefined ? undefined : recordOf(child.pid);
  const kill = () => void (record !== undefined && endProcessGroup(record, 0));
  signal?.addEventListener("abort", kill, { once: true });

  const startedAt = Date.now();
  let output = "";
  let lastDownload = 0;
  const tell = () => {
    const activity = Date.now() - lastDownload < 2 * secondsBetweenReports * 1_000 ? "downloading" : "compiling";
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    report(`building the control-plane binary: ${activity}, ${seconds} s; first time only`);
  };
  const timer = setInterval(tell, secondsBetweenReports * 1_000);
  const listen = (chunk: Buffer) => {
    const text = chunk.toString();
    if (text.includes("go: downloading ")) lastDownload = Date.now();
    output = `${output}${text}`.slice(-4_000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  tell();
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`go build failed:\n${output.trim()}`);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", kill);
  }
}
