import type { V1Node } from "@kubernetes/client-node";
import { type Kubernetes, merging, unless } from "./kubernetes.ts";

/** Keeps kwok from making a node Ready (`local/controlplane/kwok-stages.yaml`). */
export const notReadyLabel = "laptop.sandlot/not-ready";

/** Whether a node is kept from getting Ready. */
export function isKeptNotReady({ metadata }: V1Node): boolean {
  return metadata?.labels?.[notReadyLabel] !== undefined;
}

/** Has a node with the label say what nodes without a network say. */
export async function tellNotReady({ core }: Kubernetes, name: string): Promise<void> {
  const now = new Date().toISOString();
  const ready = {
    type: "Ready",
    status: "False",
    reason: "KubeletNotReady",
    message: "container runtime network not ready: cni plugin not initialized",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  await unless(404, core.patchNodeStatus({ name, body: { status: { conditions: [ready] } } }, merging));
}

/** Lets a node get Ready. */
export async function letGetReady({ core }: Kubernetes, { metadata }: V1Node): Promise<void> {
  const body = { metadata: { labels: { [notReadyLabel]: null } } };
  await unless(404, core.patchNode({ name: metadata?.name ?? "", body }, merging));
}
