import type { CredentialIssuer } from "../../ports/kubernetes-access.ts";
import { type ClusterIdentity, connect } from "./connection.ts";
import { reasonOf } from "./faults.ts";
import { credentialSecret } from "./names.ts";
import { holdSecret, issueToken } from "./tokens.ts";

/** Issues credentials as the access function: its group may do nothing else in a cluster. */
export function credentialIssuer(identity: ClusterIdentity): CredentialIssuer {
  return {
    async issue(target, sandboxId, expirationSeconds) {
      try {
        return await connect(identity, target, async (client) => {
          const secret = await holdSecret(client, credentialSecret(sandboxId));
          return issueToken(client, secret, expirationSeconds);
        });
      } catch (error) {
        // The client's own message carries the whole response, headers included; this one reaches the caller.
        throw new Error(reasonOf(error), { cause: error });
      }
    },
  };
}
