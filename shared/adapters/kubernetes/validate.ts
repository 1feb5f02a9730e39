import type { V1Secret } from "@kubernetes/client-node";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import type { KubernetesTarget } from "../../ports/kubernetes-access.ts";
import { apply, merge } from "./apply.ts";
import { canary, canaryLabel, canaryName, canaryNamespace } from "./canary.ts";
import { type KubernetesClient, withClient } from "./client.ts";
import { unlessAbsent } from "./faults.ts";
import { systemNamespace } from "./names.ts";
import { isReady } from "./nodes.ts";
import { holdSecret, issueToken } from "./tokens.ts";

/** The Secret that the probe's own credential is bound to; it also remembers how far the validation is. */
const probeSecret = "credentials-probe";
const passedAnnotation = "sandlot.dev/canary-passed";
/** Kubernetes issues no token that lives shorter. */
const probeSeconds = 600;
const lookAgainSeconds = 1;

/**
 * One look at whether the cluster does what a user will do, as the user. The canary's success is remembered in the probe's
 * Secret, so that a look after it only cleans up; a crash after the cleaning starts over, which does no harm.
 */
export async function validate(
  administrator: KubernetesClient,
  target: KubernetesTarget,
  nodes: number,
): Promise<StepOutcome> {
  const secret = await holdSecret(administrator, probeSecret);
  const { token } = await issueToken(administrator, secret, probeSeconds);
  const waiting = await withClient(target, token, async (user) => {
    if (!hasPassed(secret)) {
      const missing = await runCanary(user, nodes);
      if (missing) return missing;
      await keepNodes(administrator);
      await merge(administrator, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: probeSecret, namespace: systemNamespace, annotations: { [passedAnnotation]: "true" } },
      });
    }
    return (await removeCanary(user)) ? undefined : "removing the canary";
  });
  if (waiting) return { kind: "again", afterSeconds: lookAgainSeconds, note: waiting };
  await unlessAbsent(administrator.core.deleteNamespacedSecret({ namespace: systemNamespace, name: probeSecret }));
  return { kind: "done", note: `nodes Ready ${nodes} of ${nodes}` };
}

function hasPassed(secret: V1Secret): boolean {
  return secret.metadata?.annotations?.[passedAnnotation] === "true";
}

/** What is still missing, in one line; `undefined` when the canary runs on as many nodes as wanted. */
async function runCanary(user: KubernetesClient, nodes: number): Promise<string | undefined> {
  await apply(user, canary(nodes));
  const { items } = await user.core.listNode();
  const ready = items.filter(isReady).length;
  if (ready < nodes) return `nodes Ready ${ready} of ${nodes}`;
  const { metadata, status } = await user.apps.readNamespacedDeployment({
    namespace: canaryNamespace,
    name: canaryName,
  });
  const available = status?.observedGeneration === metadata?.generation ? (status?.availableReplicas ?? 0) : 0;
  return available < nodes ? `canary available on ${available} of ${nodes} nodes` : undefined;
}

/** A warm cluster's nodes are idle, and Auto Mode takes idle nodes away: a claim would then wait for new ones. */
async function keepNodes(administrator: KubernetesClient): Promise<void> {
  const { items } = await administrator.core.listNode();
  for (const { metadata } of items) {
    if (!metadata?.name) continue;
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: metadata.name, annotations } };
    await unlessAbsent(merge(administrator, node));
  }
}

/** True when nothing of it is left. */
async function removeCanary({ apps, core }: KubernetesClient): Promise<boolean> {
  const namespace = canaryNamespace;
  await unlessAbsent(apps.deleteNamespacedDeployment({ namespace, name: canaryName, propagationPolicy: "Background" }));
  const labelSelector = Object.entries(canaryLabel)
    .map((it) => it.join("="))
    .join(",");
  const [sets, pods] = await Promise.all([
    apps.listNamespacedReplicaSet({ namespace, labelSelector }),
    core.listNamespacedPod({ namespace, labelSelector }),
  ]);
  return sets.items.length + pods.items.length === 0;
}
