import type { V1Secret } from "@kubernetes/client-node";
import type { Credential } from "../../ports/kubernetes-access.ts";
import type { KubernetesClient } from "./client.ts";
import { statusOf } from "./faults.ts";
import { credentialLabel, managedBy, ownerAccount, systemNamespace } from "./names.ts";

/** The Secret of that name, made when it is not there. It holds nothing: credentials are bound to its existence. */
export async function holdSecret({ core }: KubernetesClient, name: string): Promise<V1Secret> {
  const body: V1Secret = { metadata: { name, labels: { ...managedBy, [credentialLabel]: "true" } }, type: "Opaque" };
  try {
    return await core.createNamespacedSecret({ namespace: systemNamespace, body });
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    return core.readNamespacedSecret({ namespace: systemNamespace, name });
  }
}

/** A token for the owner that dies with the Secret. Its end is what the API server says: EKS caps silently. */
export async function issueToken(
  { core }: KubernetesClient,
  secret: V1Secret,
  expirationSeconds: number,
): Promise<Credential> {
  const { name, uid } = secret.metadata ?? {};
  if (name === undefined || uid === undefined) throw new Error("The API server answered a Secret without an identity.");
  const boundObjectRef = { apiVersion: "v1", kind: "Secret", name, uid };
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace: systemNamespace,
    name: ownerAccount,
    body: { spec: { audiences: [], expirationSeconds, boundObjectRef } },
  });
  if (!status?.token || !status.expirationTimestamp) {
    throw new Error("The API server answered a TokenRequest without a token or its end.");
  }
  return { token: status.token, expiresAt: status.expirationTimestamp.getTime() };
}
