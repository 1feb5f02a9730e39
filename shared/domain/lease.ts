import type { SandboxReason } from "./lifecycle.ts";
import type { Refusal } from "./refusal.ts";
import { ok, type Result, refuse } from "./result.ts";
import { changed, type LiveSandbox, type Sandbox, type SandboxEvent, type SandboxIn } from "./sandbox.ts";
import { after, type Instant } from "./time.ts";

/** The next moment at which a live sandbox ends by itself, and why. */
export interface Deadline {
  readonly at: Instant;
  readonly reason: SandboxReason;
}

/**
 * The earliest deadline that a live sandbox runs into if nobody touches it.
 *
 * Example: active, expires at 10:15, last seen at 10:00 with an idle timeout of 300 s → 10:05, `idle`.
 */
export function deadlineOf(sandbox: LiveSandbox): Deadline {
  switch (sandbox.state) {
    case "pending":
      return { at: sandbox.queueDeadline, reason: "queue_timeout" };
    case "ready":
      return { at: sandbox.activateBy, reason: "not_activated" };
    case "active": {
      const idle = sandbox.terms.idleTimeoutSeconds;
      const idleAt = idle === undefined ? Number.POSITIVE_INFINITY : after(sandbox.lastSeenAt, idle);
      return idleAt < sandbox.expiresAt ? { at: idleAt, reason: "idle" } : { at: sandbox.expiresAt, reason: "expired" };
    }
  }
}

/**
 * Records that somebody uses the sandbox: the first use activates it and starts its clocks, a later one restarts the
 * idle clock. Repeating it is harmless.
 *
 * @param event written to the log when given; activation is always written.
 */
export function use(
  sandbox: SandboxIn<"ready" | "active">,
  now: Instant,
  event?: Omit<SandboxEvent, "seq" | "at">,
): SandboxIn<"active"> {
  if (sandbox.state === "active") {
    return { ...sandbox, ...changed(sandbox, now, event), lastSeenAt: Math.max(sandbox.lastSeenAt, now) };
  }
  const { activateBy: _, ...held } = sandbox;
  return {
    ...held,
    ...changed(sandbox, now, { type: "activated", ...(event && { detail: `by ${event.type}` }) }),
    state: "active",
    activatedAt: now,
    expiresAt: after(now, sandbox.terms.ttlSeconds),
    lastSeenAt: now,
  };
}

/** A new deadline as the caller names it: absolute, or relative to the present deadline. */
export type Extension = { readonly expiresAt: Instant } | { readonly seconds: number };

/**
 * Moves the deadline of an active sandbox further out, never nearer, never past its longest lifetime.
 *
 * Example: activated 10:00, expires 10:15, longest lifetime 1 h: +1,800 s → 10:45; +3,600 s is refused, the limit is 11:00.
 */
export function extend(sandbox: Sandbox, extension: Extension, now: Instant): Result<SandboxIn<"active">, Refusal> {
  if (sandbox.state === "terminated" || sandbox.state === "failed") {
    return refuse({ code: "sandbox_terminated", reason: sandbox.reason });
  }
  if (sandbox.state !== "active") {
    return refuse({
      code: "invalid_state",
      state: sandbox.state,
      detail:
        sandbox.state === "terminating"
          ? "The sandbox is being torn down."
          : "The clock starts with the first credentials or heartbeat; there is no deadline to extend yet.",
    });
  }
  const expiresAt = "expiresAt" in extension ? extension.expiresAt : after(sandbox.expiresAt, extension.seconds);
  const limit = after(sandbox.activatedAt, sandbox.terms.maxLifetimeSeconds);
  if (sandbox.expiresAt <= now) {
    return refuse({ code: "invalid_state", state: sandbox.state, detail: "The sandbox has expired." });
  }
  if (expiresAt <= sandbox.expiresAt) {
    return refuse({
      code: "invalid_request",
      field: "expiresAt",
      detail: "An extension must be later than the present deadline.",
    });
  }
  if (expiresAt > limit) return refuse({ code: "extension_limit_reached", limit });
  return ok({
    ...sandbox,
    ...changed(sandbox, now, {
      type: "extended",
      detail: `by ${Math.round((expiresAt - sandbox.expiresAt) / 1000)} s`,
    }),
    expiresAt,
    lastSeenAt: now,
  });
}

/**
 * The record of a live sandbox after its end. One that never had a cluster is over at once; one that has a cluster is
 * `terminating` until the cluster is verified gone, or `failed` when the cluster was lost.
 */
export function end(
  sandbox: LiveSandbox,
  reason: SandboxReason,
  now: Instant,
): SandboxIn<"terminating" | "terminated" | "failed"> {
  const { id, tenant, ownerId, poolId, createdAt, terms, labels, metadata, parameters, requestDigest } = sandbox;
  const kept = { id, tenant, ownerId, poolId, createdAt, terms, labels, metadata, parameters, requestDigest };
  const ended = { reason, endedAt: now, ...(sandbox.state !== "pending" && { clusterId: sandbox.clusterId }) };
  if (reason === "queue_timeout" || reason === "lost") {
    return { ...kept, ...ended, ...changed(sandbox, now, { type: "failed", reason }), state: "failed" };
  }
  if (sandbox.state === "pending") {
    return {
      ...kept,
      ...ended,
      ...changed(sandbox, now, { type: "terminated", reason }),
      state: "terminated",
      terminatedAt: now,
    };
  }
  return { ...kept, ...ended, ...changed(sandbox, now, { type: "terminating", reason }), state: "terminating" };
}

/** The record once the cluster is verified gone. */
export function close(sandbox: SandboxIn<"terminating">, now: Instant): SandboxIn<"terminated"> {
  return { ...sandbox, ...changed(sandbox, now, { type: "terminated" }), state: "terminated", terminatedAt: now };
}
