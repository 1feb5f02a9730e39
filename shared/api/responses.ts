import * as z from "zod/mini";
import { placeOf, provisionSteps, teardownSteps } from "../domain/checklist.ts";
import { type ClusterState, clusterReasons, clusterTransitions, sandboxReasons } from "../domain/lifecycle.ts";
import { poolModeMeaning } from "../domain/operation.ts";
import type { SandboxEventType } from "../domain/sandbox.ts";
import { type ProblemCode, problemKinds } from "./problem.ts";
import { sandboxState } from "./schemas.ts";

const time = (meaning: string) => z.string().check(z.describe(meaning), z.meta({ format: "date-time" }));
const keysOf = <Key extends string>(record: Readonly<Record<Key, unknown>>) =>
  Object.keys(record) as unknown as readonly [Key, ...Key[]];

const meaningsOf = (record: Readonly<Record<string, string>>) =>
  Object.entries(record)
    .map(([name, meaning]) => `\`${name}\`: ${meaning}.`)
    .join(" ");

const serverTime = time("The server's clock as it answered: a countdown needs no clock of its own.");
const sandboxReason = z.enum(keysOf(sandboxReasons));
const pairs = z.record(z.string(), z.string());
const count = z.int().check(z.gte(0));

const steps = [...provisionSteps, ...teardownSteps].map((it) => it.step);

const progress = z.strictObject({
  step: z.enum(steps as [(typeof steps)[number], ...typeof steps]),
  n: z.int().check(z.describe("The step's place on its checklist, from 1.")),
  m: z
    .int()
    .check(z.describe(`Steps on the checklist: ${placeOf("create").m} to build, ${placeOf("revoke").m} to tear down.`)),
  attempts: count,
  startedAt: time("When the step began."),
  dueAt: time("When its next attempt is due."),
  note: z.optional(z.string()).check(z.describe("What the last attempt saw.")),
});

export const queuePlace = z.strictObject({
  position: z.int().check(z.gte(1), z.describe("1 is next.")),
  estimatedReadyAt: z.optional(time("Absent while the pool has no finished build to learn from.")),
  progress: z
    .optional(progress)
    .check(z.describe("How far the cluster is that it will most likely get; absent while that one is not asked for.")),
});

export const sandbox = z.strictObject({
  id: z.string(),
  poolId: z.string(),
  ownerId: z.string(),
  state: sandboxState,
  stateReason: z.optional(sandboxReason).check(z.describe("Why it has ended.")),
  version: z.int().check(z.gte(1), z.describe('Grows with every change; the `ETag` is `"v<version>"`.')),
  createdAt: time("When it was claimed."),
  updatedAt: time("When it last changed."),
  clusterId: z
    .optional(z.string())
    .check(z.describe("The cluster that it has or had, for support; absent while it waits.")),
  readyAt: z.optional(time("When it got its cluster.")),
  activatedAt: z.optional(time("First credentials or heartbeat: the clocks run from here.")),
  expiresAt: z.optional(time("Its end, unless it is extended.")),
  extendableUntil: z.optional(time("The latest `expiresAt` that an extension can reach.")),
  lastSeenAt: z.optional(time("Last credentials or heartbeat.")),
  deadline: z.optional(
    z
      .strictObject({ at: time("When it ends."), reason: sandboxReason })
      .check(z.describe("Its end if nobody touches it: the nearest of all its deadlines.")),
  ),
  endedAt: z.optional(time("When it ended; its credentials are void from here.")),
  terminatedAt: z.optional(time("When its cluster was verified gone.")),
  ttlSeconds: count,
  idleTimeoutSeconds: z.optional(count),
  labels: pairs,
  metadata: pairs,
  parameters: pairs,
  queue: z.optional(queuePlace),
  serverTime,
});

export const claimedSandbox = z.extend(sandbox, {
  reused: z.boolean().check(z.describe("It is a sandbox that the owner had before this claim.")),
});

export const sandboxList = z.strictObject({ items: z.array(sandbox), nextCursor: z.optional(z.string()) });

const eventTypes = {
  queued: true,
  ready: true,
  activated: true,
  credentials_issued: true,
  extended: true,
  terminating: true,
  terminated: true,
  failed: true,
} as const satisfies Record<SandboxEventType, true>;

export const sandboxEvents = z.strictObject({
  items: z.array(
    z.strictObject({
      seq: count,
      at: time("When it happened."),
      type: z.enum(keysOf(eventTypes)),
      reason: z.optional(z.string()),
      detail: z.optional(z.string()),
    }),
  ),
});

export const credentials = z.strictObject({
  sandboxId: z.string(),
  kubeconfig: z.string().check(z.describe("YAML, ready for `kubectl --kubeconfig`.")),
  server: z.string().check(z.describe("The address of the cluster's API server.")),
  expiresAt: time("The end of the token in it, as the cluster granted it."),
  sandboxExpiresAt: time("The end of the sandbox, which ends every token with it."),
  serverTime,
});

const policy = z.strictObject({
  minWarm: count,
  maxTotal: count,
  bufferPercent: count,
  maxConcurrent: count,
  trimCoolDownSeconds: count,
});

const counts = z.strictObject({
  available: count,
  claimed: count,
  inFlight: count,
  tearingDown: count,
  quarantined: count,
  waiting: count,
  total: count,
});

export const pool = z.strictObject({
  id: z.string(),
  description: z.string(),
  kubernetesVersion: z.string(),
  nodes: z.int(),
  mode: z.enum(keysOf(poolModeMeaning)).check(z.describe(meaningsOf(poolModeMeaning))),
  policy: policy.check(z.describe("In force: the deployment's, with `policyOverride` in its place.")),
  policyOverride: z.partial(policy).check(z.describe("What operators changed and have not taken back.")),
  recycledAt: z.optional(time("Clusters requested before this moment are stale.")),
  stale: count.check(z.describe("Warm clusters that will be replaced, one at a time.")),
  capacityBlockedUntil: z.optional(time("The cloud had no room: no cluster is asked for before this moment.")),
  lastError: z
    .optional(
      z.strictObject({
        at: time("When the newest build failed."),
        detail: z.string().check(z.describe("The step, and what the cloud or Kubernetes said.")),
        failures: count.check(z.describe("Builds of the present class that failed in a row.")),
        isBroken: z
          .boolean()
          .check(z.describe("Nothing more is built from this class, until `nextTrialAt`, another class, or a resume.")),
        nextTrialAt: z.optional(time("When one more is built to see. Absent when the class itself is at fault.")),
      }),
    )
    .check(z.describe("Why clusters of the pool's present class fail to build; absent once one has succeeded.")),
  counts,
  target: count.check(z.describe("Clusters that should be warm or on their way now.")),
  maxTotal: count,
  utilisation: z.number().check(z.describe("Share of the warm and claimed clusters that are claimed, 0 to 1.")),
  canClaimNow: z.boolean().check(z.describe("A claim made now would be served at once.")),
  typicalBuildSeconds: z.optional(z.number()),
  lease: z.strictObject({
    defaultTtlSeconds: count,
    maxTtlSeconds: count,
    maxLifetimeSeconds: count,
    activationDeadlineSeconds: count,
    maxQueueSeconds: count,
  }),
  serverTime,
});

export const poolList = z.strictObject({ items: z.array(pool) });

export const cluster = z.strictObject({
  id: z.string(),
  state: z.enum(keysOf(clusterTransitions as Readonly<Record<ClusterState, unknown>>)),
  revision: z.string().check(z.describe("Of the pool's cluster class that it was built from.")),
  createdAt: time("When the refiller asked for it."),
  updatedAt: time("When its record last changed."),
  progress: z.optional(progress),
  health: z
    .optional(
      z.strictObject({
        failures: count.check(z.describe("Bad probes in a row.")),
        failingSince: z.optional(time("When the first of them was.")),
        note: z.optional(z.string()).check(z.describe("What the last bad one saw.")),
        nextProbeAt: time("When it is looked at again."),
      }),
    )
    .check(z.describe("Of a warm or claimed cluster.")),
  availableAt: z.optional(time("When it became warm.")),
  claimedAt: z.optional(time("When it was handed out.")),
  reason: z.optional(z.enum(keysOf(clusterReasons))).check(z.describe("Why it is being torn down.")),
  detail: z.optional(z.string()),
  drainedAt: z.optional(time("When its tear-down began.")),
  quarantinedAt: z.optional(time("When its tear-down failed for good.")),
  verifiedGoneAt: z.optional(time("When the cloud said that it is gone.")),
  removed: z.optional(
    z.array(
      z.strictObject({
        resource: z.string(),
        by: z.enum(["us", "cloud"]),
        at: time("When it was asked for, or seen to be gone."),
      }),
    ),
  ),
});

export const clusterRecord = z.extend(cluster, {
  poolId: z.string(),
  deletedAt: z.optional(time("When its record was closed: verified gone, and nothing of it left.")),
  found: z
    .optional(z.array(z.string()))
    .check(
      z.describe(
        "What the cloud held of it before its tear-down deleted anything; in a closed record each is among `removed` too.",
      ),
    ),
  serverTime,
});

export const clusterList = z.strictObject({ items: z.array(cluster) });

export const owner = z.strictObject({
  ownerId: z.string(),
  quota: z.strictObject({
    used: count,
    limits: z.record(z.string(), count).check(z.describe("By pool: each pool sets its own limit on the same use.")),
  }),
  sandboxes: z.array(z.string()).check(z.describe("Ids of the live ones.")),
  serverTime,
});

export const health = z.strictObject({ status: z.literal("ok"), serverTime });

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(keysOf(problemKinds as Readonly<Record<ProblemCode, unknown>>)),
  retryable: z.boolean(),
  retryAfterSeconds: z.optional(z.int()),
  requestId: z.string(),
  detail: z.optional(z.string()),
  errors: z.optional(z.array(z.strictObject({ field: z.string(), detail: z.string() }))),
  state: z.optional(z.string()),
  reason: z.optional(z.string()),
  limit: z.optional(z.union([z.number(), z.string()])),
  counts: z.optional(z.record(z.string(), z.number())),
  estimatedReadyAt: z.optional(time("When a cluster can be expected.")),
  allow: z.optional(z.array(z.string())),
});
