import type { Cluster } from "../../shared/domain/cluster.ts";
import { asId, type ClusterId, type PoolId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import { untouched } from "../../shared/domain/operation.ts";
import type { PoolView } from "../../shared/domain/plan.ts";
import type { PoolPolicy } from "../../shared/domain/pool.ts";
import type { Slot } from "../../shared/domain/slot.ts";

export const now = 1_000_000_000;
const poolId = asId<PoolId>("small");
export const acme = asId<TenantId>("acme");
export const policy: PoolPolicy = {
  minWarm: 3,
  maxTotal: 100,
  bufferPercent: 20,
  maxConcurrent: 10,
  trimCoolDownSeconds: 60,
};

export function cluster(
  n: number,
  state: "available" | "claimed" | "provisioning" | "deleting" | "quarantined",
  slot = n,
): Cluster {
  const base = {
    id: asId<ClusterId>(`cls-${n}`),
    poolId,
    revision: "r1",
    createdAt: now - 600_000,
    updatedAt: now,
    version: 1,
  };
  const teardown = { reason: "sandbox_ended" as const, drainedAt: now, report: { removed: [] } };
  const health = { dueAt: now, failures: 0 };
  const step = { startedAt: now, attempts: 0, dueAt: now };
  switch (state) {
    case "available":
      return { ...base, state, slot, availableAt: now - 300_000, health };
    case "claimed": {
      const holder = {
        sandboxId: asId<SandboxId>(`sbx_${n}`),
        tenant: acme,
        ownerId: asId<never>("ada"),
        countedTicket: n,
      };
      return { ...base, ...holder, state, availableAt: now, claimedAt: now, health };
    }
    case "provisioning":
      return { ...base, state, progress: { ...step, step: "wait" } };
    case "deleting":
      return { ...base, ...teardown, state, progress: { ...step, step: "verify" } };
    case "quarantined":
      return { ...base, ...teardown, state, quarantinedAt: now, progress: { ...step, step: "verify" } };
  }
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export function held(n: number): Slot {
  return { n, cluster: { clusterId: asId<ClusterId>(`cls-${n}`), since: now }, ticketGone: false, clusterGone: false };
}

export function waiting(n: number, confirmed = true): Slot {
  const half = { sandboxId: asId<SandboxId>(`sbx_w${n}`), tenant: acme, ownerId: asId<never>("ada"), countedTicket: n };
  return { n, sandbox: { ...half, since: now, confirmed }, ticketGone: false, clusterGone: false };
}

export function aView(over: Partial<PoolView> & { policy?: Partial<PoolPolicy>; tenantQuota?: number } = {}): PoolView {
  const { policy: changed, tenantQuota = 100, ...view } = over;
  const lease = {
    defaultTtlSeconds: 900,
    maxTtlSeconds: 3600,
    maxLifetimeSeconds: 7200,
    activationDeadlineSeconds: 600,
    maxQueueSeconds: 600,
  };
  const config = {
    poolId,
    description: "",
    clusterClass: { kubernetesVersion: "1.36", nodes: 2 },
    policy: { ...policy, ...changed },
    lease,
    quotas: { owner: 5, tenant: tenantQuota },
    revision: "r1",
  };
  const counters = { head: 0, tail: 0, drawn: {}, ceiling: {} };
  return { config, operation: untouched, counters, slots: [], clusters: [], observations: [], ...view };
}
