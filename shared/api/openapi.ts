import * as z from "zod/mini";
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import { type ProblemCode, problemKinds } from "./problem.ts";
import * as responses from "./responses.ts";
import { type OperationId, routes, scopes } from "./routes.ts";
import { requests } from "./schemas.ts";

type Schema = z.ZodMiniType;

interface Success {
  readonly description: string;
  readonly schema: Schema;
  readonly headers?: readonly (keyof typeof headerMeanings)[];
}

interface Contract {
  readonly tag: string;
  readonly description?: string;
  readonly answers: Readonly<Record<number, Success>>;
  /** Refusals that this operation adds to those that every one of its kind may answer. */
  readonly refusals: readonly ProblemCode[];
}

const headerMeanings = {
  Location: "The sandbox's own path.",
  ETag: "The version, for `If-Match`.",
  "Retry-After": "Seconds before a look makes sense.",
  "Idempotent-Replayed": "`true`: this claim had been made before.",
} as const;

const sandboxAnswer = (description: string): Success => ({ description, schema: responses.sandbox, headers: ["ETag"] });
const poolAnswer: Success = { description: "The pool now.", schema: responses.pool };
const notFound = ["sandbox_not_found"] as const;

const contracts: Record<OperationId, Contract> = {
  claimSandbox: {
    tag: "sandboxes",
    description:
      "Repeatable: a retry with the same Idempotency-Key and body answers the sandbox of the first call, with the status of its present state, or 410 when it has ended.",
    answers: {
      201: {
        description: "Ready, from the warm pool.",
        schema: responses.claimedSandbox,
        headers: ["Location", "ETag", "Idempotent-Replayed"],
      },
      200: {
        description: "The owner's existing one.",
        schema: responses.claimedSandbox,
        headers: ["Location", "ETag"],
      },
      202: {
        description: "Waits in line.",
        schema: responses.claimedSandbox,
        headers: ["Location", "ETag", "Retry-After", "Idempotent-Replayed"],
      },
    },
    refusals: [
      "pool_not_found",
      "pool_draining",
      "sandbox_terminated",
      "idempotency_key_reused",
      "owner_quota_exceeded",
      "tenant_quota_exceeded",
      "pool_exhausted",
    ],
  },
  listSandboxes: {
    tag: "sandboxes",
    description: "May lag by seconds behind the newest changes.",
    answers: { 200: { description: "A page.", schema: responses.sandboxList } },
    refusals: [],
  },
  getSandbox: {
    tag: "sandboxes",
    description: "An ended sandbox stays readable for 30 days; `stateReason` says why it ended.",
    answers: { 200: sandboxAnswer("As it is now.") },
    refusals: notFound,
  },
  updateSandbox: {
    tag: "sandboxes",
    answers: { 200: sandboxAnswer("As changed.") },
    refusals: ["sandbox_not_found", "invalid_state", "sandbox_terminated", "etag_mismatch"],
  },
  deleteSandbox: {
    tag: "sandboxes",
    answers: { 202: sandboxAnswer("It ends, or has ended; its cluster is being torn down.") },
    refusals: notFound,
  },
  extendSandbox: {
    tag: "sandboxes",
    answers: { 200: sandboxAnswer("With its new deadline.") },
    refusals: ["sandbox_not_found", "invalid_state", "extension_limit_reached", "sandbox_terminated"],
  },
  heartbeat: {
    tag: "sandboxes",
    answers: { 200: sandboxAnswer("With its deadlines.") },
    refusals: ["sandbox_not_found", "invalid_state", "sandbox_terminated"],
  },
  issueCredentials: {
    tag: "sandboxes",
    answers: { 200: { description: "Never stored, never cached.", schema: responses.credentials } },
    refusals: ["sandbox_not_found", "invalid_state", "sandbox_terminated", "provisioner_unavailable"],
  },
  listEvents: {
    tag: "sandboxes",
    answers: { 200: { description: "What happened, in order.", schema: responses.sandboxEvents } },
    refusals: notFound,
  },
  listPools: {
    tag: "pools",
    answers: { 200: { description: "All pools.", schema: responses.poolList } },
    refusals: [],
  },
  getPool: {
    tag: "pools",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  updatePool: {
    tag: "pools",
    description:
      "Outlives deployments: they write their own values, and the changed fields stay in force. Refused, with the field, when the policy would contradict itself. The refiller acts on it from its next pass, a second or two later.",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  pausePool: {
    tag: "pools",
    description:
      "Before maintenance. Claims go on while warm clusters last, then wait, or are refused with reason `paused`; builds and tear-downs under way end. Repeatable.",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  drainPool: {
    tag: "pools",
    description:
      "Claims are refused with 409 `pool_draining` from here on; those in line keep their place until their deadline. Warm clusters go at once, claimed ones when their sandboxes end. Repeatable.",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  resumePool: {
    tag: "pools",
    description: "Repeatable. Changes of the policy stay.",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  recyclePool: {
    tag: "pools",
    description:
      "For clusters that were built from something bad. Each warm one goes when its replacement is warm; claimed ones stay with their sandboxes. A pool of a single cluster at its ceiling is never rolled: raise `maxTotal`, or drain it.",
    answers: { 200: poolAnswer },
    refusals: ["pool_not_found"],
  },
  listClusters: {
    tag: "pools",
    answers: { 200: { description: "Oldest first.", schema: responses.clusterList } },
    refusals: ["pool_not_found"],
  },
  getCluster: {
    tag: "clusters",
    description:
      "Closed records are kept for 90 days. `found` and `removed` are the proof of the tear-down: what was there, and whether we or the cloud removed it.",
    answers: { 200: { description: "The record.", schema: responses.clusterRecord } },
    refusals: ["cluster_not_found"],
  },
  retryCluster: {
    tag: "clusters",
    description:
      "After the cause was removed: the tear-down starts over at the step that failed. Refused with 409 in any other state, so also when it is repeated.",
    answers: { 200: { description: "The record as it is now.", schema: responses.clusterRecord } },
    refusals: ["cluster_not_found", "invalid_state"],
  },
  getOwner: {
    tag: "owners",
    description: "An owner nobody has heard of uses nothing.",
    answers: { 200: { description: "Use and limits.", schema: responses.owner } },
    refusals: [],
  },
  getHealth: {
    tag: "meta",
    answers: { 200: { description: "The function and its table answer.", schema: responses.health } },
    refusals: ["store_unavailable"],
  },
  getOpenApi: {
    tag: "meta",
    answers: { 200: { description: "An OpenAPI document.", schema: z.looseObject({ openapi: z.string() }) } },
    refusals: [],
  },
};

const components = {
  Sandbox: responses.sandbox,
  ClaimedSandbox: responses.claimedSandbox,
  SandboxList: responses.sandboxList,
  SandboxEvents: responses.sandboxEvents,
  Credentials: responses.credentials,
  Pool: responses.pool,
  PoolList: responses.poolList,
  Cluster: responses.cluster,
  ClusterList: responses.clusterList,
  ClusterRecord: responses.clusterRecord,
  Owner: responses.owner,
  Health: responses.health,
  Problem: responses.problem,
  ClaimRequest: requests.claimSandbox().body,
  UpdateRequest: requests.updateSandbox().body,
  PoolRequest: requests.updatePool().body,
  ExtendRequest: requests.extendSandbox().body,
  CredentialsRequest: requests.issueCredentials().body,
};

/** Answers that the gateway writes by itself, in its own words: an HTTP API cannot be told otherwise. */
const gatewayMessage = z.object({ message: z.string() });

/** The contract, made from the route table, the schemas that the functions parse with, and the map of refusals. */
export function openApiDocument() {
  const paths: ZodOpenApiPathsObject = {};
  for (const [id, { method, path }] of Object.entries(routes)) {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(id as OperationId) };
  }
  const document: ZodOpenApiObject = {
    openapi: "3.1.0",
    info: {
      title: "Sandlot",
      version: "1.0.0",
      description:
        "Kubernetes clusters on tap. Times are RFC 3339 in UTC, durations seconds. Every answer carries `X-Request-Id`; errors are problem documents (RFC 9457) with a stable `code`. The gateway writes its own 401, 403 and 429 as `{message}`, before a function sees the request: treat both forms.",
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: `A token of the deployment's issuer with the claim \`tenant\` and the operation's scope, one of ${scopes.join(", ")}.`,
        },
      },
    },
  };
  const bodies = new Set<unknown>(Object.values(requests).map((it) => it().body));
  // Fields may join an answer within a version: clients must not refuse what they do not know.
  return createDocument(document, {
    override: ({ jsonSchema, zodSchema }) => {
      if (jsonSchema.additionalProperties === false && !bodies.has(zodSchema)) delete jsonSchema.additionalProperties;
    },
  });
}

function operationOf(id: OperationId): ZodOpenApiOperationObject {
  const { scope, summary } = routes[id];
  const { tag, description, answers, refusals } = contracts[id];
  const { path, headers, query, body } = requests[id]();
  const takesBody = Object.keys(body.def.shape).length > 0;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: scope === null ? [] : [{ token: [scope] }],
    requestParams: { path, header: without(headers, "accept"), query: without(query, "labels") },
    ...(takesBody && {
      requestBody: { required: id !== "issueCredentials", content: { "application/json": { schema: body } } },
    }),
    ...(id === "listSandboxes" && { parameters: [labelParameter] }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, successOf(id, answer)])),
      ...refusalsOf(scope === null ? refusals : ["invalid_request", "forbidden", ...refusals], takesBody),
      ...(scope !== null && {
        401: {
          description: "No valid token. Written by the gateway.",
          content: { "application/json": { schema: gatewayMessage } },
        },
      }),
    },
  };
}

/** Labels are written one parameter each, which the schema of the parsed query cannot say. */
const labelParameter = {
  name: "labels",
  in: "query",
  description: "`label.<key>=<value>`, any number of times: all must match.",
  style: "form",
  explode: true,
  schema: {
    type: "object",
    patternProperties: { "^label\\.": { type: "string" } },
    additionalProperties: false,
  },
} as const;

/** `accept` is what the answer's content types say; labels have a parameter of their own. */
function without(object: z.ZodMiniObject, field: string): z.ZodMiniObject {
  return z.object(Object.fromEntries(Object.entries(object.def.shape).filter(([name]) => name !== field)));
}

function successOf(id: OperationId, { description, schema, headers = [] }: Success) {
  return {
    description,
    headers: Object.fromEntries(
      headers.map((name) => [name, { description: headerMeanings[name], schema: { type: "string" as const } }]),
    ),
    content: {
      "application/json": { schema },
      ...(id === "issueCredentials" && { "application/yaml": { schema: { type: "string" as const } } }),
    },
  };
}

/** One entry a status, which names all codes that it may carry. */
function refusalsOf(codes: readonly ProblemCode[], takesBody: boolean) {
  const all: readonly ProblemCode[] = [...codes, ...(takesBody ? (["body_too_large"] as const) : []), "internal_error"];
  const byStatus = Map.groupBy(all, (code) => problemKinds[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => [
      status,
      {
        description: these.map((code) => `\`${code}\`: ${problemKinds[code].title}.`).join(" "),
        content: { "application/problem+json": { schema: responses.problem } },
      },
    ]),
  );
}
