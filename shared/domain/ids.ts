declare const kind: unique symbol;
type Id<Kind extends string> = string & { readonly [kind]: Kind };

/** Opaque, unguessable, `sbx_…`; derived from tenant and idempotency key, so that a retry finds its own sandbox. */
export type SandboxId = Id<"sandbox">;
/** `cls-…`; also part of the cluster's name in the cloud and its idempotency token, so it fits the cloud's naming rules. */
export type ClusterId = Id<"cluster">;
/** What every cluster's id begins with; no deployment's id contains it as a part. */
export const clusterIdPrefix = "cls-";
export type PoolId = Id<"pool">;
/** Comes from the authorizer only, never from a body or a path. */
export type TenantId = Id<"tenant">;
/** A person or job within a tenant; quotas are kept per owner. */
export type OwnerId = Id<"owner">;

/** Marks a text that was checked at the edge, or read back from our own records, as an id of the kind the caller expects. */
export function asId<T extends Id<string>>(text: string): T {
  return text as T;
}
