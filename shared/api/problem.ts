import type { Refusal } from "../domain/refusal.ts";
import { type Instant, secondsUntil } from "../domain/time.ts";
import type { FieldError, InvalidInput } from "./parse.ts";

/** Everything that the API says no with: what use cases refuse, and what does not get as far as a use case. */
export type ApiRefusal =
  | Refusal
  | InvalidInput
  | { readonly code: "body_too_large"; readonly limitBytes: number }
  | { readonly code: "route_not_found"; readonly path: string }
  | { readonly code: "method_not_allowed"; readonly method: string; readonly allow: readonly string[] }
  | { readonly code: "store_unavailable" }
  | { readonly code: "internal_error" };

export type ProblemCode = ApiRefusal["code"];

/** What a caller's code may rely on for a code. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The same request may succeed later, without a change of the request. */
  readonly retryable: boolean;
  /** Seconds before a retry makes sense. */
  readonly retryAfterSeconds?: number;
}

/** Every code with its one status. A refusal without an entry does not compile. */
export const problemKinds = {
  invalid_request: { status: 400, title: "The request is not valid", retryable: false },
  forbidden: { status: 403, title: "The token does not allow this", retryable: false },
  sandbox_not_found: { status: 404, title: "There is no such sandbox", retryable: false },
  pool_not_found: { status: 404, title: "There is no such pool", retryable: false },
  cluster_not_found: { status: 404, title: "There is no such cluster", retryable: false },
  route_not_found: { status: 404, title: "There is no such path", retryable: false },
  method_not_allowed: { status: 405, title: "The path does not take this method", retryable: false },
  pool_draining: { status: 409, title: "The pool takes no claims", retryable: true, retryAfterSeconds: 60 },
  invalid_state: { status: 409, title: "Its state does not allow this", retryable: false },
  extension_limit_reached: { status: 409, title: "The sandbox cannot live that long", retryable: false },
  sandbox_terminated: { status: 410, title: "The sandbox has ended", retryable: false },
  etag_mismatch: { status: 412, title: "The sandbox has changed since it was read", retryable: false },
  body_too_large: { status: 413, title: "The body is too large", retryable: false },
  idempotency_key_reused: {
    status: 422,
    title: "The Idempotency-Key was used with another body",
    retryable: false,
  },
  owner_quota_exceeded: {
    status: 429,
    title: "The owner has as many live sandboxes as allowed",
    retryable: true,
    retryAfterSeconds: 30,
  },
  tenant_quota_exceeded: {
    status: 429,
    title: "The tenant has as many live sandboxes in this pool as allowed",
    retryable: true,
    retryAfterSeconds: 60,
  },
  pool_exhausted: { status: 503, title: "The pool has no warm cluster", retryable: true, retryAfterSeconds: 30 },
  provisioner_unavailable: {
    status: 503,
    title: "The sandbox's cluster does not answer",
    retryable: true,
    retryAfterSeconds: 5,
  },
  store_unavailable: { status: 503, title: "The table does not answer", retryable: true, retryAfterSeconds: 5 },
  // Every call can be repeated (a claim by its Idempotency-Key), so a fault on our side is worth a retry.
  internal_error: { status: 500, title: "Something failed on our side", retryable: true, retryAfterSeconds: 1 },
} as const satisfies Record<ProblemCode, ProblemKind>;

/** An RFC 9457 problem document: the standard members, and `code` with the facts that go with it. */
export interface Problem extends ProblemKind {
  /** `urn:sandlot:problem:<code>`: an identifier, not an address. */
  readonly type: string;
  readonly code: ProblemCode;
  readonly requestId: string;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly state?: string;
  readonly reason?: string;
  readonly limit?: number | string;
  readonly counts?: Readonly<Record<string, number>>;
  readonly estimatedReadyAt?: string;
  readonly allow?: readonly string[];
}

type Facts = Partial<Omit<Problem, keyof ProblemKind | "type" | "code" | "requestId">> &
  Partial<Pick<ProblemKind, "retryAfterSeconds">>;

/** The document for a refusal. A pool's estimate, when there is one, says when to come back. */
export function problemOf(refusal: ApiRefusal, requestId: string, now: Instant): Problem {
  const { code } = refusal;
  return { type: `urn:sandlot:problem:${code}`, code, ...problemKinds[code], requestId, ...factsOf(refusal, now) };
}

function factsOf(refusal: ApiRefusal, now: Instant): Facts {
  switch (refusal.code) {
    case "invalid_request": {
      const { detail } = refusal;
      if ("errors" in refusal) return { detail, errors: refusal.errors };
      return refusal.field === undefined ? { detail } : { detail, errors: [{ field: refusal.field, detail }] };
    }
    case "forbidden":
    case "provisioner_unavailable":
      return { detail: refusal.detail };
    case "pool_not_found":
      return { detail: `There is no pool ${JSON.stringify(refusal.poolId)}.` };
    case "route_not_found":
      return { detail: `There is no ${refusal.path}; GET /v1/openapi.json tells what there is.` };
    case "method_not_allowed":
      return { detail: `${refusal.method} is not among ${refusal.allow.join(", ")}.`, allow: refusal.allow };
    case "pool_draining":
      return { detail: `The pool ${JSON.stringify(refusal.poolId)} is being drained.` };
    case "invalid_state":
      return { detail: refusal.detail, state: refusal.state };
    case "extension_limit_reached": {
      const limit = isoTime(refusal.limit);
      return { detail: `The latest deadline that this sandbox can have is ${limit}.`, limit };
    }
    case "sandbox_terminated":
      return { reason: refusal.reason };
    case "body_too_large":
      return { detail: `A body may have at most ${refusal.limitBytes / 1024} KiB.`, limit: refusal.limitBytes };
    case "owner_quota_exceeded":
    case "tenant_quota_exceeded":
      return { limit: refusal.limit };
    case "pool_exhausted": {
      const { reason, counts, estimatedReadyAt: estimate } = refusal;
      if (estimate === undefined) return { reason, counts: { ...counts } };
      const retryAfterSeconds = Math.max(1, secondsUntil(now, estimate));
      return { reason, counts: { ...counts }, estimatedReadyAt: isoTime(estimate), retryAfterSeconds };
    }
    case "sandbox_not_found":
    case "cluster_not_found":
    case "etag_mismatch":
    case "idempotency_key_reused":
    case "store_unavailable":
    case "internal_error":
      return {};
  }
}

/** RFC 3339, UTC, as every time in the API. */
export function isoTime(instant: Instant): string {
  return new Date(instant).toISOString();
}
