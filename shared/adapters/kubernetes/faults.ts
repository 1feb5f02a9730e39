import { ApiException } from "@kubernetes/client-node";
import type { StepOutcome } from "../../ports/cluster-provider.ts";

type Again = Extract<StepOutcome, { kind: "again" }>;

/** HTTP status of the API server's refusal; `undefined` when it did not answer at all. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/** The reason in one line; a client's own message holds the whole response with its headers. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiException) return `HTTP ${error.code}: ${statusMessage(error.body)}`;
  const code = networkCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return code && !message.includes(code) ? `${message} (${code})` : message;
}

function statusMessage(body: unknown): string {
  let status = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return body.slice(0, 200);
    }
  }
  const message = typeof status === "object" && status !== null && "message" in status ? status.message : undefined;
  return typeof message === "string" ? message : "no reason given";
}

/** The network's error code, such as `ECONNREFUSED`, wherever the layers of the client have put it. */
export function networkCode(error: unknown): string | undefined {
  for (let it = error, depth = 0; it instanceof Error && depth < 5; it = it.cause, depth += 1) {
    const inner = it instanceof AggregateError ? it.errors[0] : undefined;
    if ("code" in it && typeof it.code === "string") return it.code;
    if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
    if (it.name === "TimeoutError") return it.name;
  }
  return undefined;
}

/**
 * True when nothing is there: its name does not resolve any more, or nothing listens. A timeout, a reset, or an error that the
 * server itself answers says only that it cannot be reached now.
 */
export function isGone(error: unknown): boolean {
  return ["ENOTFOUND", "ECONNREFUSED"].includes(networkCode(error) ?? "");
}

/**
 * Runs one step against an API server that need not answer yet. Refused credentials count as "not yet" too: an access entry
 * takes some seconds to reach the API server. The caller's time budget ends the tries.
 *
 * @throws what says that the request itself is wrong.
 */
export async function whileReachable<Outcome>(step: () => Promise<Outcome>): Promise<Outcome | Again> {
  try {
    return await step();
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined && networkCode(error) === undefined) throw error;
    const transient = status === undefined || [401, 403, 409, 429].includes(status) || status >= 500;
    if (!transient) throw error;
    return { kind: "again", afterSeconds: status === 409 ? 1 : 5, note: reasonOf(error) };
  }
}

/** The value, or `undefined` when the API server knows no such object. */
export async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
