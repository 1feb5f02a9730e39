import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "../../cdk/bundle.ts";

const sources = { api: "api", refiller: "refiller", bareClient: "../test/bench/bare-client" } as const;

export type BundleName = keyof typeof sources;

/** The URL of each bundle's module. */
export type Bundles = Readonly<Record<BundleName, string>>;

/** Builds what the deployment uploads, and the bare client the same way, into a folder that goes when the process does. */
export function buildBundles(): Bundles {
  const folder = mkdtempSync(join(tmpdir(), "sandlot-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const build = (name: BundleName) => {
    bundle(sources[name], join(folder, name));
    return pathToFileURL(join(folder, name, "index.mjs")).href;
  };
  return { api: build("api"), refiller: build("refiller"), bareClient: build("bareClient") };
}
