import type { ClassRevision } from "../../domain/cluster-class.ts";
import { describeManifest, inOrderOfNeed, type Manifest } from "../../domain/manifest.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { apply } from "./apply.ts";
import type { KubernetesClient } from "./client.ts";
import { reasonOf, statusOf } from "./faults.ts";

/** On every object of the owner's manifests: the revision of the class that it belongs to. */
export const revisionLabel = "sandlot.dev/revision";

/** All that a run has for objects which the API server will not take yet. */
const longestPatience = { attempts: 20, milliseconds: 500 };

/**
 * Writes the owner's manifests, one after the other. What the API server will not take may only be early: a kind whose definition
 * was just written, a quota without a count, a namespace without its account. It is tried again for some seconds, and then
 * fails the class with the server's own words.
 *
 * @throws what says nothing about the manifest: no answer, a server's own error, a refused credential.
 */
export async function applyManifests(
  client: KubernetesClient,
  { manifests, revision }: Pick<ClassRevision, "manifests" | "revision">,
): Promise<StepOutcome> {
  let left = longestPatience.attempts;
  for (const manifest of inOrderOfNeed(manifests)) {
    for (;;) {
      const objection = await applyOnce(client, manifest, revision);
      if (objection === undefined) break;
      if (left === 0) return { kind: "failed", fault: "class", note: `${describeManifest(manifest)}: ${objection}` };
      left -= 1;
      await new Promise((resolve) => setTimeout(resolve, longestPatience.milliseconds));
    }
  }
  return { kind: "done" };
}

/** What the API server has against the object; `undefined` when it took it. */
async function applyOnce(client: KubernetesClient, manifest: Manifest, revision: string): Promise<string | undefined> {
  const { object } = manifest;
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, [revisionLabel]: revision } };
  try {
    await apply(client, { ...object, metadata });
    return undefined;
  } catch (error) {
    const objection = objectionOf(error, manifest);
    if (objection === undefined) throw error;
    return objection;
  }
}

function objectionOf(error: unknown, { object: { apiVersion, kind } }: Manifest): string | undefined {
  const status = statusOf(error);
  const reason = reasonOf(error);
  // The client asks for the kind first: it throws a plain error where the group is there, and passes on a bare 404 otherwise.
  const isUnknownKind = reason.includes("Unrecognized API version and kind") || /404 page not found/.test(reason);
  if (isUnknownKind) return `the cluster knows no kind ${kind} in ${apiVersion}`;
  if (status === undefined || status < 400 || status >= 500 || [401, 408, 429].includes(status)) return undefined;
  // Our own rights take some seconds to reach every API server.
  return status === 403 && reason.includes('is forbidden: User "') ? undefined : reason;
}
