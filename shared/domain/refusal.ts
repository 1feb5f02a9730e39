import type { ClusterState, SandboxReason, SandboxState } from "./lifecycle.ts";
import type { Instant } from "./time.ts";

/** Why a pool has nothing to hand out, for machines. */
export type ExhaustedReason = "exhausted" | "warming" | "paused" | "capacity_blocked" | "class_broken";

/** Counts of a pool at the moment of a refusal. */
export interface PoolCounts {
  readonly available: number;
  readonly inFlight: number;
  readonly claimed: number;
  readonly waiting: number;
  readonly maxTotal: number;
}

/** Everything a use case may say no with. The API maps each code to one status; an unmapped one does not compile. */
export type Refusal =
  | { readonly code: "invalid_request"; readonly field?: string; readonly detail: string }
  | { readonly code: "forbidden"; readonly detail: string }
  | { readonly code: "sandbox_not_found" }
  | { readonly code: "pool_not_found"; readonly poolId: string }
  | { readonly code: "cluster_not_found" }
  | { readonly code: "pool_draining"; readonly poolId: string }
  | { readonly code: "invalid_state"; readonly state: SandboxState | ClusterState; readonly detail: string }
  | { readonly code: "extension_limit_reached"; readonly limit: Instant }
  | { readonly code: "sandbox_terminated"; readonly reason: SandboxReason }
  | { readonly code: "etag_mismatch" }
  | { readonly code: "idempotency_key_reused" }
  | { readonly code: "owner_quota_exceeded"; readonly limit: number }
  | { readonly code: "tenant_quota_exceeded"; readonly limit: number }
  | {
      readonly code: "pool_exhausted";
      readonly reason: ExhaustedReason;
      readonly counts: PoolCounts;
      readonly estimatedReadyAt?: Instant;
    }
  | { readonly code: "provisioner_unavailable"; readonly detail: string };
