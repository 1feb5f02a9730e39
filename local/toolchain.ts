import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A reason why this machine cannot run the laptop runtime, in words that say what to do about it. */
export class ToolchainError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolchainError";
  }
}

/** Leading numbers of a version: `go1.26.8` → [1, 26, 8]. Undefined when the text holds none. */
export function versionIn(text: string): readonly number[] | undefined {
  const match = /(\d+(?:\.\d+)*)/.exec(text);
  return match?.[1]?.split(".").map(Number);
}

/** Whether a version is at least another, number by number; missing numbers count as zero. */
export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (let i = 0; i < Math.max(version.length, least.length); i++) {
    const difference = (version[i] ?? 0) - (least[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const leastPython: readonly number[] = [3, 10];

/**
 * The path of a Python that can run MiniStack.
 *
 * @throws ToolchainError when there is none, naming what was found.
 */
export async function findPython(candidates: readonly string[] = pythonNames): Promise<string> {
  const tooOld: string[] = [];
  for (const name of candidates) {
    const found = await probePython(name);
    if (found === undefined) continue;
    if (isAtLeast(versionIn(found.version) ?? [], leastPython)) return found.path;
    tooOld.push(`${name} is ${found.version}`);
  }
  const least = leastPython.join(".");
  throw new ToolchainError(
    `Python ${least} or newer is needed for the AWS emulator: ` +
      `${tooOld.length > 0 ? `${tooOld.join(", ")}` : "there is no python3 on the PATH"}. ` +
      "Install it (`brew install python`, `apt install python3 python3-venv`, or https://www.python.org/downloads/) and try again.",
  );
}

const pythonNames = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

async function probePython(name: string): Promise<{ readonly path: string; readonly version: string } | undefined> {
  try {
    const script = "import sys, platform; print(sys.executable); print(platform.python_version())";
    const { stdout } = await run(name, ["-I", "-c", script]);
    const [path, version] = stdout.trim().split("\n");
    return path === undefined || version === undefined ? undefined : { path, version };
  } catch {
    return undefined;
  }
}
