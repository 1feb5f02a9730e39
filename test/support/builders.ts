import type { ClusterIn } from "../../shared/domain/cluster.ts";
import type { ClassRevision } from "../../shared/domain/cluster-class.ts";
import { asId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { SandboxIn } from "../../shared/domain/sandbox.ts";
import type { ClusterHalf, SandboxHalf } from "../../shared/domain/slot.ts";

/** The present of every built record. */
export const now = Date.UTC(2026, 10, 21, 10, 0, 0);

type Facts<T> = Partial<Omit<T, "state">>;

/** A pool with room for everything that a test does not restrict. */
export function aPoolConfig(facts: Partial<PoolConfig> = {}): PoolConfig {
  return {
    poolId: asId("small"),
    description: "A pool of small clusters",
    clusterClass: { kubernetesVersion: "1.36", nodes: 1 },
    policy: { minWarm: 2, maxTotal: 10, bufferPercent: 20, maxConcurrent: 4, trimCoolDownSeconds: 600 },
    lease: {
      defaultTtlSeconds: 900,
      maxTtlSeconds: 3600,
      maxLifetimeSeconds: 7200,
      activationDeadlineSeconds: 600,
      maxQueueSeconds: 600,
    },
    quotas: { owner: 5, tenant: 100 },
    revision: "r1",
    ...facts,
  };
}

/** What clusters of a plain class are built from. */
export function aClassRevision(facts: Partial<ClassRevision> = {}): ClassRevision {
  return { revision: "r1", clusterClass: aPoolConfig().clusterClass, manifests: [], ...facts };
}

export const anAddress = { endpoint: "https://127.0.0.1:6443", certificateAuthority: "Q0E=" };
/** Never due while a test runs. */
export const aHealth = { dueAt: now + 10 * 365 * 86_400_000, failures: 0 };
const step = { startedAt: now, attempts: 0, dueAt: now };
const clusterBase = {
  id: asId<ClusterIn<"requested">["id"]>("cls-1"),
  poolId: asId<PoolConfig["poolId"]>("small"),
  revision: "r1",
  createdAt: now,
  updatedAt: now,
  version: 1,
};
const teardown = { reason: "sandbox_ended", drainedAt: now, report: { removed: [] } } as const;

export const aCluster = {
  requested: (facts: Facts<ClusterIn<"requested">> = {}): ClusterIn<"requested"> => ({
    ...clusterBase,
    state: "requested",
    progress: { ...step, step: "create" },
    ...facts,
  }),
  provisioning: (facts: Facts<ClusterIn<"provisioning">> = {}): ClusterIn<"provisioning"> => ({
    ...clusterBase,
    state: "provisioning",
    progress: { ...step, step: "wait" },
    ...facts,
  }),
  validating: (facts: Facts<ClusterIn<"validating">> = {}): ClusterIn<"validating"> => ({
    ...clusterBase,
    state: "validating",
    progress: { ...step, step: "validate" },
    ...facts,
  }),
  available: (facts: Facts<ClusterIn<"available">> = {}): ClusterIn<"available"> => ({
    ...clusterBase,
    state: "available",
    slot: 1,
    availableAt: now,
    health: aHealth,
    ...facts,
  }),
  draining: (facts: Facts<ClusterIn<"draining">> = {}): ClusterIn<"draining"> => ({
    ...clusterBase,
    ...teardown,
    state: "draining",
    progress: { ...step, step: "revoke" },
    ...facts,
  }),
  deleting: (facts: Facts<ClusterIn<"deleting">> = {}): ClusterIn<"deleting"> => ({
    ...clusterBase,
    ...teardown,
    state: "deleting",
    progress: { ...step, step: "verify" },
    ...facts,
  }),
  quarantined: (facts: Facts<ClusterIn<"quarantined">> = {}): ClusterIn<"quarantined"> => ({
    ...clusterBase,
    ...teardown,
    state: "quarantined",
    progress: { ...step, step: "verify" },
    quarantinedAt: now,
    ...facts,
  }),
  deleted: (facts: Facts<ClusterIn<"deleted">> = {}): ClusterIn<"deleted"> => ({
    ...clusterBase,
    ...teardown,
    state: "deleted",
    deletedAt: now,
    ...facts,
  }),
};

const sandboxBase = {
  id: asId<SandboxIn<"pending">["id"]>("sbx_1"),
  tenant: asId<SandboxIn<"pending">["tenant"]>("acme"),
  ownerId: asId<SandboxIn<"pending">["ownerId"]>("ada"),
  poolId: asId<PoolConfig["poolId"]>("small"),
  createdAt: now,
  updatedAt: now,
  version: 1,
  terms: { ttlSeconds: 900, activationDeadlineSeconds: 600, maxLifetimeSeconds: 7200 },
  labels: {},
  metadata: {},
  parameters: {},
  requestDigest: "digest",
  events: [],
};
const held = { clusterId: clusterBase.id, readyAt: now };

export const aSandbox = {
  pending: (facts: Facts<SandboxIn<"pending">> = {}): SandboxIn<"pending"> => ({
    ...sandboxBase,
    state: "pending",
    ticket: 1,
    countedTicket: facts.ticket ?? 1,
    queueDeadline: now + 600_000,
    ...facts,
  }),
  ready: (facts: Facts<SandboxIn<"ready">> = {}): SandboxIn<"ready"> => ({
    ...sandboxBase,
    ...held,
    state: "ready",
    activateBy: now + 600_000,
    ...facts,
  }),
  active: (facts: Facts<SandboxIn<"active">> = {}): SandboxIn<"active"> => ({
    ...sandboxBase,
    ...held,
    state: "active",
    activatedAt: now,
    expiresAt: now + 900_000,
    lastSeenAt: now,
    ...facts,
  }),
};

/** A claim's half of a slot, not confirmed. */
export function aSandboxHalf(facts: Partial<SandboxHalf> = {}): SandboxHalf {
  const { id: sandboxId, tenant, ownerId } = sandboxBase;
  return { sandboxId, tenant, ownerId, countedTicket: 1, since: now, confirmed: false, ...facts };
}

export function aClusterHalf(facts: Partial<ClusterHalf> = {}): ClusterHalf {
  return { clusterId: clusterBase.id, since: now, ...facts };
}
