import type { ClusterIn } from "../domain/cluster.ts";
import type { OwnerId, PoolId, SandboxId, TenantId } from "../domain/ids.ts";
import type { SandboxState } from "../domain/lifecycle.ts";
import type { LiveSandbox, Sandbox, SandboxIn } from "../domain/sandbox.ts";
import type { Instant } from "../domain/time.ts";

export interface SandboxFilter {
  readonly ownerId?: OwnerId;
  readonly poolId?: PoolId;
  readonly state?: SandboxState;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface SandboxPage {
  readonly items: readonly Sandbox[];
  /** Opaque; absent on the last page. Bound to the tenant: another tenant's cursor is an `InvalidCursor`. */
  readonly nextCursor?: string;
}

/** Thrown by `list` for a cursor that it did not hand out to this tenant. */
export class InvalidCursor extends Error {
  override readonly name = "InvalidCursor";
}

/** Records of sandboxes and owners. */
export interface SandboxStore {
  /** Strongly consistent. Ended sandboxes stay readable for 30 days. */
  get(id: SandboxId): Promise<Sandbox | undefined>;
  /** Newest first; from an index that may lag by seconds. A page may hold fewer than `limit` and still have a next one. */
  list(
    tenant: TenantId,
    filter: SandboxFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<SandboxPage>;
  /** Live sandboxes of an owner. Strongly consistent. */
  listLiveOfOwner(tenant: TenantId, ownerId: OwnerId): Promise<readonly SandboxId[]>;
  /** Sandboxes of a pool whose deadline lies at or before `until`; from an index that may lag by seconds. */
  listDue(poolId: PoolId, until: Instant): Promise<readonly SandboxId[]>;
  /** Replaces a live sandbox's record if `version − 1` is in place. `false` when it is not. */
  save(sandbox: LiveSandbox): Promise<boolean>;
  /**
   * Ends a live sandbox if `version − 1` is in place, and with it gives back its owner's quota, begins the tear-down of its
   * cluster (`claimed → draining`), or voids the ticket that it waits with; all or nothing.
   *
   * @param before what `ended` was decided on: tells the slot and the cluster.
   */
  end(
    before: LiveSandbox,
    ended: SandboxIn<"terminating" | "terminated" | "failed">,
    cluster?: ClusterIn<"draining">,
  ): Promise<boolean>;
}
