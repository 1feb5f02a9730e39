import type { StepOutcome } from "../../ports/cluster-provider.ts";
import type { KubernetesClient } from "./client.ts";
import { unlessAbsent } from "./faults.ts";
import { issuersBinding } from "./foundation.ts";
import { credentialLabel, ownerAccount, systemNamespace } from "./names.ts";

/**
 * Voids what was issued, in this order: no new ones, then those that exist, then the account itself with any token that its
 * holder minted. The API server may honour a token for some seconds longer, for as long as it caches its checks.
 */
export async function revokeCredentials({ core, objects }: KubernetesClient): Promise<StepOutcome> {
  const metadata = { name: issuersBinding, namespace: systemNamespace };
  await unlessAbsent(objects.delete({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata }));
  await core.deleteCollectionNamespacedSecret({ namespace: systemNamespace, labelSelector: credentialLabel });
  await unlessAbsent(core.deleteNamespacedServiceAccount({ namespace: systemNamespace, name: ownerAccount }));
  return { kind: "done" };
}
