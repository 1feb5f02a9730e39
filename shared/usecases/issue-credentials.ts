import type { ClusterAddress } from "../domain/cluster.ts";
import type { SandboxId, TenantId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { SandboxIn } from "../domain/sandbox.ts";
import { secondsUntil } from "../domain/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Credential, CredentialIssuer } from "../ports/kubernetes-access.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { readSandbox } from "./change-sandbox.ts";
import { recordUse, usable } from "./use-sandbox.ts";

export interface CredentialPorts {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
  readonly issuer: CredentialIssuer;
  readonly clock: Clock;
}

export interface IssuedCredential {
  readonly sandbox: SandboxIn<"active">;
  readonly credential: Credential;
  readonly address: ClusterAddress;
}

/** Kubernetes issues no token that lives shorter (TokenRequest API: minimum 10 minutes). */
export const minExpirationSeconds = 600;
/** EKS silently caps longer ones (EKS user guide: 24 hours). */
export const maxExpirationSeconds = 86_400;

/**
 * Issues a credential for a sandbox's cluster and records the use; the first one activates the sandbox. The token comes
 * first: a sandbox whose cluster does not answer is not activated, and a token whose answer is lost dies with the sandbox.
 */
export async function issueCredentials(
  ports: CredentialPorts,
  tenant: TenantId,
  id: SandboxId,
  expirationSeconds?: number,
): Promise<Result<IssuedCredential, Refusal>> {
  const { pools, sandboxes, issuer, clock } = ports;
  const sandbox = await readSandbox(sandboxes, tenant, id);
  if (!sandbox) return refuse({ code: "sandbox_not_found" });
  const may = usable(sandbox, clock());
  if (!may.ok) return may;
  const { clusterId } = may.value;
  const [cluster, address] = await Promise.all([
    pools.getCluster(sandbox.poolId, clusterId),
    pools.getAddress(clusterId),
  ]);
  if (cluster?.state !== "claimed" || cluster.sandboxId !== id || !address) {
    return refuse({ code: "provisioner_unavailable", detail: "The sandbox's cluster is not there any more." });
  }
  const left = may.value.state === "active" ? secondsUntil(clock(), may.value.expiresAt) : may.value.terms.ttlSeconds;
  const wanted = expirationSeconds ?? Math.min(maxExpirationSeconds, Math.max(minExpirationSeconds, left));
  const target = { id: clusterId, ...address };
  const issued = await issuer.issue(target, id, wanted).catch((cause: unknown) => ({ cause }));
  if ("cause" in issued) {
    const detail = issued.cause instanceof Error ? issued.cause.message : String(issued.cause);
    return refuse({ code: "provisioner_unavailable", detail: `The cluster did not issue a credential: ${detail}` });
  }
  const used = await recordUse(ports, tenant, id, { type: "credentials_issued" });
  return used.ok ? ok({ sandbox: used.value, credential: issued, address }) : used;
}
