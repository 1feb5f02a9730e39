import type { OwnerId, SandboxId, TenantId } from "../domain/ids.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";

export interface OwnerView {
  readonly ownerId: OwnerId;
  readonly used: number;
  /** Live sandboxes that the owner may hold, by pool: each pool sets its own limit on the same use. */
  readonly limits: Readonly<Record<string, number>>;
  readonly live: readonly SandboxId[];
}

/** An owner's use and limits. An owner nobody has heard of uses nothing. */
export async function viewOwner(
  { pools, sandboxes }: { readonly pools: PoolStore; readonly sandboxes: SandboxStore },
  tenant: TenantId,
  ownerId: OwnerId,
): Promise<OwnerView> {
  const [configs, live] = await Promise.all([pools.listConfigs(), sandboxes.listLiveOfOwner(tenant, ownerId)]);
  const limits = Object.fromEntries(configs.map((it) => [it.poolId, it.quotas.owner]));
  return { ownerId, used: live.length, limits, live };
}
