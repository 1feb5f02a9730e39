import { type ApiRefusal, problemOf } from "../../shared/api/problem.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { HttpResponse } from "./event.ts";

/** What an operation answers when it does not refuse. */
export interface Answer {
  readonly status: number;
  /** An object is sent as JSON, a text as it is, with its own `Content-Type` among the headers. */
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The gateway's form of an answer. Nothing may be cached on the way: every body is of one tenant and one moment. */
export function toResponse({ status, body, headers }: Answer): HttpResponse {
  return {
    statusCode: status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** The gateway's form of a refusal: a problem document, and the headers that belong to its status. */
export function problemResponse(refusal: ApiRefusal, requestId: string, now: Instant): HttpResponse {
  const problem = problemOf(refusal, requestId, now);
  const { status, retryAfterSeconds, allow } = problem;
  return toResponse({
    status,
    body: problem,
    headers: {
      "Content-Type": "application/problem+json",
      ...(retryAfterSeconds !== undefined && { "Retry-After": String(retryAfterSeconds) }),
      ...(allow && { Allow: allow.join(", ") }),
    },
  });
}
