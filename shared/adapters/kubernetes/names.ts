import type { SandboxId } from "../../domain/ids.ts";

/** The namespace of our own objects: no pod runs there. */
export const systemNamespace = "sandlot-system";
/** The service account that a sandbox's user acts as. */
export const ownerAccount = "owner";
/** The group of the access function, by its access entry. */
export const credentialIssuersGroup = "sandlot:credential-issuers";
/** On every Secret that a credential is bound to. */
export const credentialLabel = "sandlot.dev/credential";
export const managedBy = { "app.kubernetes.io/managed-by": "sandlot" };

/** The Secret whose existence keeps the sandbox's credentials valid, as a name that Kubernetes takes. */
export function credentialSecret(sandboxId: SandboxId): string {
  const suffix = sandboxId.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `credentials-${suffix}`.slice(0, 253).replace(/-+$/, "");
}
