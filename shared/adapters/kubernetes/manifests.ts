import type { ClassRevision } from "../../domain/cluster-class.ts";
import { describeManifest, inOrderOfNeed, type Manifest } from "../../domain/manifest.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { applyAsWritten } from "./apply.ts";
import type { KubernetesClient } from "./client.ts";
import { reasonOf, statusOf } from "./faults.ts";

/** On every object of the owner's manifests: the revision of the class that it belongs to. */
const revisionLabel = "sandlot.dev/revision";

/** All that a run has for objects which the API server will not take yet. */
const longestPatience = { attempts: 20, milliseconds: 500 };

/** What the API server has against an object. */
interface Objection {
  readonly words: string;
  /** The object may only be early: for its kind, its namespace, that namespace's account, a quota that was not counted yet. */
  readonly mayPass: boolean;
}

/**
 * Writes the owner's manifests, one after the other. What may only be early is tried again for some seconds; what the API server
 * will not take fails the class with the server's own words.
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
      if (!objection) break;
      if (left === 0 || !objection.mayPass) {
        return { kind: "failed", fault: "class", note: `${describeManifest(manifest)}: ${objection.words}` };
      }
      left -= 1;
      await new Promise((resolve) => setTimeout(resolve, longestPatience.milliseconds));
    }
  }
  return { kind: "done" };
}

/** `undefined` when the API server took it. */
async function applyOnce(
  client: KubernetesClient,
  manifest: Manifest,
  revision: string,
): Promise<Objection | undefined> {
  const { object } = manifest;
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, [revisionLabel]: revision } };
  try {
    await applyAsWritten(client, { ...object, metadata });
    return undefined;
  } catch (error) {
    const objection = objectionOf(error, manifest);
    if (objection === undefined) throw error;
    return objection;
  }
}

function objectionOf(error: unknown, { object: { apiVersion, kind } }: Manifest): Objection | undefined {
  const status = statusOf(error);
  const words = reasonOf(error);
  // The client asks for the kind first: it throws a plain error where the group is there, and passes on a bare 404 otherwise.
  if (words.includes("Unrecognized API version and kind") || words.includes("404 page not found")) {
    return { words: `the cluster knows no kind ${kind} in ${apiVersion}`, mayPass: true };
  }
  // How a server-side apply answers a field that the kind does not have: with a status of 500.
  if (words.includes("failed to create typed patch object")) return { words, mayPass: false };
  if (status === undefined || status < 400 || status >= 500 || [401, 408, 429].includes(status)) return undefined;
  // Our own rights take some seconds to reach every API server.
  if (status === 403 && words.includes('is forbidden: User "')) return undefined;
  return { words, mayPass: [403, 404, 409].includes(status) };
}
