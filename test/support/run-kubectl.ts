import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { kubectl } from "./kubectl.ts";

const execute = promisify(execFile);

/** Runs the real kubectl. Rejects with `stderr` when it fails. */
export async function runKubectl(
  kubeconfig: string,
  ...args: readonly string[]
): Promise<{ stdout: string; stderr: string }> {
  const binary = await kubectl();
  return execute(binary, ["--kubeconfig", kubeconfig, "--request-timeout=20s", ...args], { timeout: 90_000 });
}
