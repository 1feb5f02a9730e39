import { readFileSync } from "node:fs";
import { resolve } from "node:path";
// biome-ignore lint/style/noRestrictedImports: the only YAML parser among our packages, and the one that the worker's objects are made for.
import { loadAllYaml } from "@kubernetes/client-node";
import type { ClusterClass } from "../shared/domain/cluster-class.ts";
import type { ConfigProblem } from "../shared/domain/config-problem.ts";
import {
  isManifestObject,
  type ManifestObject,
  maxManifestBytes,
  problemOfManifest,
} from "../shared/domain/manifest.ts";

/** The objects in a file, by its name as a class has it. */
export type ManifestFiles = Readonly<Record<string, readonly ManifestObject[]>>;

interface Classes {
  readonly [poolId: string]: { readonly clusterClass: ClusterClass };
}

/** All files that the pools' classes name, read from beside `cdk/config.ts`; and what is wrong with them. */
export function readManifests(pools: Classes): { readonly files: ManifestFiles; readonly problems: ConfigProblem[] } {
  const files: Record<string, ManifestObject[]> = {};
  const problems: ConfigProblem[] = [];
  let bytes = 0;
  for (const [poolId, { clusterClass }] of Object.entries(pools)) {
    const names = Array.isArray(clusterClass.manifests) ? clusterClass.manifests : [];
    for (const [n, file] of names.entries()) {
      if (typeof file !== "string" || files[file]) continue;
      const field = `pools.${poolId}.clusterClass.manifests[${n}]`;
      const read = readManifest(file);
      if (typeof read === "string") {
        problems.push({ field, problem: `${file}: ${read}` });
        continue;
      }
      files[file] = read;
      bytes += Buffer.byteLength(JSON.stringify(read));
      if (bytes > maxManifestBytes) {
        const problem = `${file}: with it the deployment's manifests are ${bytes} bytes long as JSON, and ${maxManifestBytes} is the most. Have a small one install the rest`;
        problems.push({ field, problem });
      }
    }
  }
  return { files, problems };
}

/** The file's objects, or what is wrong with it. */
function readManifest(file: string): ManifestObject[] | string {
  let documents: unknown[];
  try {
    documents = loadAllYaml(readFileSync(resolve(import.meta.dirname, file), "utf8"));
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return reason.startsWith("ENOENT") ? "there is no such file beside cdk/config.ts" : reason;
  }
  const objects = documents.filter((it) => it !== null && it !== undefined);
  if (objects.length === 0) return "holds no object";
  for (const [n, document] of objects.entries()) {
    const problem = problemOfManifest(document);
    if (problem) return `document ${n + 1} ${problem}`;
  }
  return objects.filter(isManifestObject);
}
