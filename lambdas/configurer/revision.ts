import { createHash } from "node:crypto";
import type { ClusterClass } from "../../shared/domain/cluster-class.ts";
import type { Manifest } from "../../shared/domain/manifest.ts";

/** Names the content of a class: the same for the same content, in whatever order its fields and in whatever files its manifests were written. */
export function revisionOf(
  { manifests: _files, ...clusterClass }: ClusterClass,
  manifests: readonly Manifest[],
): string {
  const objects = manifests.map(({ object }) => object);
  const content = ordered(objects.length > 0 ? { ...clusterClass, manifests: objects } : clusterClass);
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 8);
}

/** Objects as lists of their entries, in the order of their names. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, it]) => [name, ordered(it)]);
}
