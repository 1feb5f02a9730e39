import { describe, expect, it } from "vitest";
import { type ApiRefusal, problemKinds, problemOf } from "../../shared/api/problem.ts";
import { problem } from "../../shared/api/responses.ts";

const now = Date.parse("2026-11-21T10:00:00Z");
const counts = { available: 0, inFlight: 1, claimed: 2, waiting: 3, maxTotal: 8 };

const refusals: readonly ApiRefusal[] = [
  { code: "invalid_request", field: "ttlSeconds", detail: "too long" },
  { code: "invalid_request", detail: "a: wrong", errors: [{ field: "a", detail: "wrong" }] },
  { code: "forbidden", detail: "no" },
  { code: "sandbox_not_found" },
  { code: "cluster_not_found" },
  { code: "pool_draining", poolId: "small" },
  { code: "pool_not_found", poolId: "x" },
  { code: "route_not_found", path: "/" },
  { code: "method_not_allowed", method: "PUT", allow: ["GET"] },
  { code: "invalid_state", state: "pending", detail: "waits" },
  { code: "extension_limit_reached", limit: now },
  { code: "sandbox_terminated", reason: "idle" },
  { code: "etag_mismatch" },
  { code: "body_too_large", limitBytes: 65_536 },
  { code: "idempotency_key_reused" },
  { code: "owner_quota_exceeded", limit: 1 },
  { code: "tenant_quota_exceeded", limit: 1 },
  { code: "pool_exhausted", reason: "exhausted", counts },
  { code: "provisioner_unavailable", detail: "refused" },
  { code: "store_unavailable" },
  { code: "internal_error" },
];

describe("a problem document", () => {
  it("exists for every code, and is what the contract says", () => {
    expect(new Set(refusals.map((it) => it.code))).toEqual(new Set(Object.keys(problemKinds)));
    for (const refusal of refusals) {
      const document = problem.parse(problemOf(refusal, "r", now));
      expect(document).toMatchObject({
        code: refusal.code,
        type: `urn:sandlot:problem:${refusal.code}`,
        requestId: "r",
      });
      expect(problemOf(refusal, "r", now)).toEqual(document);
    }
  });
  it("says when to come back exactly when a retry makes sense", () => {
    for (const kind of Object.values(problemKinds)) {
      expect("retryAfterSeconds" in kind).toBe(kind.retryable);
    }
  });
  it("of an exhausted pool says to come back when the next cluster is expected", () => {
    const refusal = { code: "pool_exhausted", reason: "warming", counts, estimatedReadyAt: now + 90_500 } as const;
    expect(problemOf(refusal, "r", now)).toMatchObject({
      retryAfterSeconds: 91,
      estimatedReadyAt: "2026-11-21T10:01:30.500Z",
    });
  });
});
