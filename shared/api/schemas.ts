import * as z from "zod/mini";
import { type SandboxState, sandboxTransitions } from "../domain/lifecycle.ts";
import type { OperationId } from "./routes.ts";

/** Ten years: no sum of an instant and a duration leaves the range of a date. */
const longestSeconds = 315_360_000;
const maxPairs = 20;

const seconds = (meaning: string) =>
  z.int().check(z.gte(1), z.lte(longestSeconds), z.describe(meaning), z.meta({ examples: [900] }));
const pairKey = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, "keys are 1 to 63 letters, digits, dots, dashes and slashes"));
const pairs = (longestValue: number, meaning: string) =>
  z.record(pairKey, z.string().check(z.maxLength(longestValue))).check(
    z.refine((record) => Object.keys(record).length <= maxPairs, `at most ${maxPairs} entries`),
    z.describe(meaning),
    z.meta({ override: { maxProperties: maxPairs } }),
  );

const states = Object.keys(sandboxTransitions) as [SandboxState, ...SandboxState[]];
export const sandboxState = z.enum(states).check(z.describe("Where the sandbox is in its life cycle."));

export const poolId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "a pool is named by 1 to 63 letters, digits and dashes"),
    z.describe("Names a pool of the deployment."),
  );
export const sandboxId = z
  .string()
  .check(z.regex(/^sbx_[a-z2-7]{26,52}$/), z.describe("Opaque and unguessable."), z.meta({ examples: ["sbx_…"] }));
export const ownerId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9._:@|+=-]{1,128}$/, "an owner is named by 1 to 128 letters, digits and . _ : @ | + = -"),
    z.describe("A person or job of the tenant; quotas are kept per owner."),
  );

const labels = pairs(63, "For finding sandboxes again: a list can be filtered by them.");
const metadata = pairs(1024, "Kept and returned, never read.");

const idempotencyKey = z
  .string("missing: every claim carries the header Idempotency-Key")
  .check(
    z.regex(/^[ -~]{1,255}$/, "must be 1 to 255 printable ASCII characters"),
    z.describe(
      "Names this claim within the tenant. A retry with the same key and body gets the same sandbox; the same key with another body is refused with 422.",
    ),
  );

const claimBody = z.strictObject({
  poolId,
  ownerId: z.optional(ownerId).check(z.describe("Default: the subject of the caller's token.")),
  reuse: z
    ._default(z.enum(["owner", "never"]), "never")
    .check(z.describe("`owner`: answer the owner's live sandbox of this pool, if there is one.")),
  onEmpty: z
    ._default(z.enum(["queue", "fail"]), "queue")
    .check(z.describe("When no warm cluster is there: wait in line, or be refused with 503 `pool_exhausted`.")),
  ttlSeconds: z.optional(seconds("Lifetime from activation. Default and limit: the pool's.")),
  idleTimeoutSeconds: z.optional(
    seconds("Ends the sandbox after this long without credentials or heartbeat. Default: never."),
  ),
  maxQueueSeconds: z.optional(seconds("How long the claim may wait in line. Default and limit: the pool's.")),
  parameters: z._default(pairs(1024, "Part of what is asked for; kept with the sandbox."), {}),
  labels: z._default(labels, {}),
  metadata: z._default(metadata, {}),
});

const updateBody = () =>
  z
    .strictObject({
      labels: z.optional(labels),
      metadata: z.optional(metadata),
      idleTimeoutSeconds: z.optional(z.nullable(seconds("`null` switches the idle clock off."))),
    })
    .check(
      z.refine((body) => Object.values(body).some((it) => it !== undefined), "names nothing to change"),
      z.describe("Fields left out stay; a field given replaces the old value as a whole."),
      z.meta({ override: { minProperties: 1 } }),
    );

const extendBody = () =>
  z
    .strictObject({
      expiresAt: z.optional(z.iso.datetime({ offset: true }).check(z.describe("The new deadline."))),
      seconds: z.optional(seconds("Seconds to add to the present deadline.")),
    })
    .check(
      z.refine(
        (body) => (body.expiresAt === undefined) !== (body.seconds === undefined),
        "give either expiresAt or seconds",
      ),
      z.meta({ override: { minProperties: 1, maxProperties: 1 } }),
    );

const credentialsBody = () =>
  z.strictObject({
    expirationSeconds: z.optional(
      z
        .int()
        .check(
          z.gte(600),
          z.lte(86_400),
          z.describe("Default: the sandbox's remaining lifetime. The cluster may grant less: read `expiresAt`."),
        ),
    ),
  });

const whole = (min: number, max: number, meaning: string) =>
  z.optional(z.nullable(z.int().check(z.gte(min), z.lte(max), z.describe(meaning))));

const poolBody = () =>
  z
    .strictObject({
      policy: z
        .strictObject({
          minWarm: whole(0, 10_000, "Warm clusters kept even when nothing is claimed; at most `maxTotal`."),
          maxTotal: whole(0, 10_000, "Ceiling over all clusters that exist in the cloud."),
          bufferPercent: whole(0, 99, "Share of the future total that should be warm."),
          maxConcurrent: whole(1, 10_000, "Creates plus deletes under way at once."),
          trimCoolDownSeconds: whole(0, longestSeconds, "How long a surplus cluster is kept."),
        })
        .check(
          z.refine((policy) => Object.values(policy).some((it) => it !== undefined), "names nothing to change"),
          z.meta({ override: { minProperties: 1 } }),
        ),
    })
    .check(
      z.describe(
        "Fields given stand in place of the deployment's, over later deployments too, until `null` takes them back; fields left out stay.",
      ),
    );

const number = (min: number, max: number, meaning: string) =>
  z.coerce.number().check(z.int(), z.gte(min), z.lte(max), z.describe(meaning));

const listQuery = () =>
  z.strictObject({
    ownerId: z.optional(ownerId),
    poolId: z.optional(poolId),
    state: z.optional(sandboxState),
    labels: z.optional(labels).check(z.describe("`label.<key>=<value>`, any number of times: all must match.")),
    cursor: z.optional(
      z.string().check(z.minLength(1), z.maxLength(4096), z.describe("`nextCursor` of the page before.")),
    ),
    limit: z._default(number(1, 100, "Most sandboxes on the page. One may hold fewer and still have a next page."), 25),
  });

const clusterId = () =>
  z
    .string()
    .check(
      z.regex(/^cls-[a-z0-9]{1,32}$/),
      z.describe("As lists of clusters have it."),
      z.meta({ examples: ["cls-…"] }),
    );

const waitQuery = () =>
  z
    .strictObject({
      waitFor: z.optional(z.literal("ready")).check(z.describe("Answer once the sandbox waits no longer.")),
      timeoutSeconds: z.optional(number(1, 25, "With `waitFor`: answer after this long in any case. Default 25.")),
    })
    .check(
      z.refine((query) => query.waitFor !== undefined || query.timeoutSeconds === undefined, {
        path: ["timeoutSeconds"],
        message: "has a meaning with waitFor=ready only",
      }),
    );

const eventsQuery = () =>
  z.strictObject({
    afterSeq: z._default(number(0, Number.MAX_SAFE_INTEGER, "Only events with a greater `seq`."), 0),
  });

const nothing = z.strictObject({});

interface RequestSchemas {
  readonly path: z.ZodMiniObject;
  readonly query: z.ZodMiniType;
  /** Headers that the operation reads, by lower-case name. */
  readonly headers: z.ZodMiniObject;
  /** A request without a body is read as the empty object. */
  readonly body: z.ZodMiniType;
}

const plain = { path: z.object({}), query: nothing, headers: z.object({}), body: nothing };

/** Made when first asked for, and then kept. */
function onDemand<Schemas extends RequestSchemas>(make: () => Schemas): () => Schemas {
  let made: Schemas | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const claim = { ...plain, headers: z.object({ "idempotency-key": idempotencyKey }), body: claimBody };
const ofSandbox = () => ({ ...plain, path: z.object({ sandboxId }) });
const ofPool = () => ({ ...plain, path: z.object({ poolId }) });
const ofCluster = () => ({ ...plain, path: z.object({ clusterId: clusterId() }) });

/**
 * What each operation takes: the functions parse with these schemas, and the OpenAPI document is made from them. A function
 * that starts makes those of a claim only: a cold start is worst for whoever waits for a sandbox.
 */
export const requests = {
  claimSandbox: () => claim,
  listSandboxes: onDemand(() => ({ ...plain, query: listQuery() })),
  getSandbox: onDemand(() => ({ ...ofSandbox(), query: waitQuery() })),
  updateSandbox: onDemand(() => ({
    ...ofSandbox(),
    headers: z.object({
      "if-match": z.optional(z.string()).check(z.describe("The `ETag` that the change was decided on.")),
    }),
    body: updateBody(),
  })),
  deleteSandbox: onDemand(ofSandbox),
  extendSandbox: onDemand(() => ({ ...ofSandbox(), body: extendBody() })),
  heartbeat: onDemand(ofSandbox),
  issueCredentials: onDemand(() => ({
    ...ofSandbox(),
    headers: z.object({
      accept: z.optional(z.string()).check(z.describe("`application/yaml` answers the bare kubeconfig.")),
    }),
    body: credentialsBody(),
  })),
  listEvents: onDemand(() => ({ ...ofSandbox(), query: eventsQuery() })),
  listPools: () => plain,
  getPool: onDemand(ofPool),
  listClusters: onDemand(ofPool),
  updatePool: onDemand(() => ({ ...ofPool(), body: poolBody() })),
  pausePool: onDemand(ofPool),
  drainPool: onDemand(ofPool),
  resumePool: onDemand(ofPool),
  recyclePool: onDemand(ofPool),
  getCluster: onDemand(ofCluster),
  retryCluster: onDemand(ofCluster),
  getOwner: onDemand(() => ({ ...plain, path: z.object({ ownerId }) })),
  getHealth: () => plain,
  getOpenApi: () => plain,
} as const satisfies Record<OperationId, () => RequestSchemas>;
