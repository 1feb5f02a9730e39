import * as z from "zod/mini";
import type { BuildFailures } from "../../domain/build-failures.ts";
import type { CapacityBlock } from "../../domain/capacity.ts";
import type { Progress, StepBudgets } from "../../domain/checklist.ts";
import type { Cluster, ClusterAddress } from "../../domain/cluster.ts";
import type { Health, HealthPolicy } from "../../domain/health.ts";
import type { OwnerId, SandboxId, TenantId } from "../../domain/ids.ts";
import type { PoolOperation } from "../../domain/operation.ts";
import type { Outlook } from "../../domain/outlook.ts";
import type { Observation } from "../../domain/plan.ts";
import type { PoolConfig } from "../../domain/pool.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import { clusterClassSchema } from "./class-schema.ts";

/**
 * What the table holds, attribute by attribute. Attributes that a schema does not name are left out on reading, so that a
 * record of another release is readable. Names of steps, reasons and events are not checked: an old record may carry
 * one that is gone.
 */
const text = <T extends string>() => z.custom<T>((value) => typeof value === "string");
const optional = z.exactOptional;
const number = z.number();
const texts = z.record(z.string(), z.string());

const progress = <Step extends string>() =>
  z.object({
    step: text<Step>(),
    startedAt: number,
    attempts: number,
    dueAt: number,
    note: optional(z.string()),
  }) satisfies z.ZodMiniType<Progress<Step>>;

export const addressSchema = z.object({
  endpoint: z.string(),
  certificateAuthority: z.string(),
}) satisfies z.ZodMiniType<ClusterAddress>;

const clusterBase = {
  id: text<Cluster["id"]>(),
  poolId: text<Cluster["poolId"]>(),
  revision: z.string(),
  createdAt: number,
  updatedAt: number,
  version: number,
};

const health = z.object({
  dueAt: number,
  failures: number,
  failingSince: optional(number),
  note: optional(z.string()),
}) satisfies z.ZodMiniType<Health>;

type Provisioning = Extract<Cluster, { state: "provisioning" }>;
type Draining = Extract<Cluster, { state: "draining" }>;
const provisioning = progress<Provisioning["progress"]["step"]>();
const teardownProgress = progress<Draining["progress"]["step"]>();
const finding = z.object({ resource: z.string(), by: z.enum(["us", "cloud"]), at: number });
const teardown = {
  ...clusterBase,
  reason: text<Draining["reason"]>(),
  detail: optional(z.string()),
  sandboxId: optional(text<SandboxId>()),
  drainedAt: number,
  report: z.object({
    found: optional(z.array(z.string())),
    removed: z.array(finding),
    verifiedGoneAt: optional(number),
  }),
};

export const deletedCluster = z.object({ ...teardown, state: z.literal("deleted"), deletedAt: number });

export const clusterSchema = z.discriminatedUnion("state", [
  z.object({ ...clusterBase, state: z.literal("requested"), progress: provisioning }),
  z.object({ ...clusterBase, state: z.literal("provisioning"), progress: provisioning }),
  z.object({
    ...clusterBase,
    state: z.literal("validating"),
    progress: provisioning,
    availableAt: optional(number),
  }),
  z.object({ ...clusterBase, state: z.literal("available"), slot: number, availableAt: number, health }),
  z.object({
    ...clusterBase,
    state: z.literal("claimed"),
    sandboxId: text<SandboxId>(),
    tenant: text<TenantId>(),
    ownerId: text<OwnerId>(),
    countedTicket: number,
    availableAt: number,
    claimedAt: number,
    health,
  }),
  z.object({ ...teardown, state: z.literal("draining"), progress: teardownProgress }),
  z.object({ ...teardown, state: z.literal("deleting"), progress: teardownProgress }),
  z.object({ ...teardown, state: z.literal("quarantined"), progress: teardownProgress, quarantinedAt: number }),
  deletedCluster,
]) satisfies z.ZodMiniType<Cluster>;

const event = z.object({
  seq: number,
  at: number,
  type: text<Sandbox["events"][number]["type"]>(),
  reason: optional(z.string()),
  detail: optional(z.string()),
});

const sandboxBase = {
  id: text<SandboxId>(),
  tenant: text<TenantId>(),
  ownerId: text<OwnerId>(),
  poolId: text<Sandbox["poolId"]>(),
  createdAt: number,
  updatedAt: number,
  version: number,
  terms: z.object({
    ttlSeconds: number,
    idleTimeoutSeconds: optional(number),
    activationDeadlineSeconds: number,
    maxLifetimeSeconds: number,
  }),
  labels: texts,
  metadata: texts,
  parameters: texts,
  requestDigest: z.string(),
  events: z.array(event),
};
const held = { ...sandboxBase, clusterId: text<Cluster["id"]>(), readyAt: number };
const ended = {
  ...sandboxBase,
  reason: text<Extract<Sandbox, { state: "failed" }>["reason"]>(),
  endedAt: number,
  clusterId: optional(text<Cluster["id"]>()),
};

export const sandboxSchema = z.discriminatedUnion("state", [
  z.object({
    ...sandboxBase,
    state: z.literal("pending"),
    ticket: number,
    countedTicket: number,
    queueDeadline: number,
  }),
  z.object({ ...held, state: z.literal("ready"), activateBy: number }),
  z.object({ ...held, state: z.literal("active"), activatedAt: number, expiresAt: number, lastSeenAt: number }),
  z.object({ ...ended, state: z.literal("terminating") }),
  z.object({ ...ended, state: z.literal("terminated"), terminatedAt: number }),
  z.object({ ...ended, state: z.literal("failed") }),
]) satisfies z.ZodMiniType<Sandbox>;

const policy = z.object({
  minWarm: number,
  maxTotal: number,
  bufferPercent: number,
  maxConcurrent: number,
  trimCoolDownSeconds: number,
});

const healthPolicy = z.object({
  probeEverySeconds: optional(number),
  maxWarmSeconds: optional(number),
  lostAfterSeconds: optional(number),
}) satisfies z.ZodMiniType<Partial<HealthPolicy>>;

export const configSchema = z.object({
  poolId: text<PoolConfig["poolId"]>(),
  description: z.string(),
  clusterClass: clusterClassSchema,
  policy,
  lease: z.object({
    defaultTtlSeconds: number,
    maxTtlSeconds: number,
    maxLifetimeSeconds: number,
    activationDeadlineSeconds: number,
    maxQueueSeconds: number,
  }),
  quotas: z.object({ owner: number, tenant: number }),
  health: optional(healthPolicy),
  stepBudgets: optional(z.partialRecord(text<keyof StepBudgets>(), number)),
  revision: z.string(),
}) satisfies z.ZodMiniType<PoolConfig>;

export const operationSchema = z.object({
  mode: z.enum(["open", "paused", "draining"]),
  policyOverride: z.object({
    minWarm: optional(number),
    maxTotal: optional(number),
    bufferPercent: optional(number),
    maxConcurrent: optional(number),
    trimCoolDownSeconds: optional(number),
  }),
  recycleBefore: optional(number),
  version: number,
}) satisfies z.ZodMiniType<PoolOperation>;

export const capacitySchema = z.object({ until: number, attempts: number }) satisfies z.ZodMiniType<CapacityBlock>;

export const buildFailuresSchema = z.object({
  revision: z.string(),
  count: number,
  at: number,
  note: z.string(),
  isFinal: z.boolean(),
}) satisfies z.ZodMiniType<BuildFailures>;

/** The marks name who left. */
export const slotSchema = z.object({
  n: number,
  sandboxId: optional(text<SandboxId>()),
  tenant: optional(text<TenantId>()),
  ownerId: optional(text<OwnerId>()),
  countedTicket: optional(number),
  sandboxSince: optional(number),
  confirmed: optional(z.boolean()),
  clusterId: optional(text<Cluster["id"]>()),
  clusterSince: optional(number),
  ticketGone: optional(z.string()),
  clusterGone: optional(z.string()),
});

const observation = z.object({
  at: number,
  head: number,
  drawn: z.record(text<TenantId>(), number),
}) satisfies z.ZodMiniType<Observation>;

const outlook = z.object({
  counts: z.object({ available: number, inFlight: number, claimed: number, waiting: number, maxTotal: number }),
  reason: text<Outlook["reason"]>(),
  typicalBuild: optional(number),
  builds: z.array(z.object({ clusterId: text<Cluster["id"]>(), createdAt: number })),
  concurrent: number,
}) satisfies z.ZodMiniType<Outlook>;

export const planSchema = z.object({
  pass: number,
  observations: optional(z.array(observation)),
  outlook: optional(outlook),
});
