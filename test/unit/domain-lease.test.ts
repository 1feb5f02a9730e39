import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asId,
  type ClusterId,
  type OwnerId,
  type PoolId,
  type SandboxId,
  type TenantId,
} from "../../shared/domain/ids.ts";
import { close, deadlineOf, end, extend, use } from "../../shared/domain/lease.ts";
import { maySandboxBecome } from "../../shared/domain/lifecycle.ts";
import { type Claim, handedOut, matched, maxEvents, queued, type Sandbox } from "../../shared/domain/sandbox.ts";

const at = (clock: string) => Date.parse(`2026-11-21T${clock}:00Z`);
const clusterId = asId<ClusterId>("cls-1");
const claim: Claim = {
  id: asId<SandboxId>("sbx_1"),
  tenant: asId<TenantId>("acme"),
  ownerId: asId<OwnerId>("ada"),
  poolId: asId<PoolId>("small"),
  terms: { ttlSeconds: 900, idleTimeoutSeconds: 300, activationDeadlineSeconds: 600, maxLifetimeSeconds: 3600 },
  queueDeadline: at("10:05"),
  labels: {},
  metadata: {},
  parameters: {},
  requestDigest: "d",
};
const ready = handedOut(claim, clusterId, at("09:50"));
const active = use(ready, at("10:00"));

describe("deadlines", () => {
  it("start with activation: an untouched sandbox has its activation deadline only", () => {
    expect(deadlineOf(ready)).toEqual({ at: at("10:00"), reason: "not_activated" });
  });
  it("are the idle deadline when that comes first", () => {
    expect(deadlineOf(active)).toEqual({ at: at("10:05"), reason: "idle" });
  });
  it("are the time-to-live when use goes on", () => {
    expect(deadlineOf(use(active, at("10:14")))).toEqual({ at: at("10:15"), reason: "expired" });
  });
  it("are the queue's for one that waits", () => {
    expect(deadlineOf(queued(claim, 3, 3, at("10:00")))).toEqual({ at: at("10:05"), reason: "queue_timeout" });
  });
});

describe("an extension", () => {
  it("moves the deadline by the seconds asked for", () => {
    const extended = extend(active, { seconds: 1800 }, at("10:01"));
    expect(extended.ok && extended.value.expiresAt).toBe(at("10:45"));
  });
  it("is refused past the longest lifetime, naming the limit", () => {
    expect(extend(active, { seconds: 3600 }, at("10:01"))).toEqual({
      ok: false,
      refusal: { code: "extension_limit_reached", limit: at("11:00") },
    });
  });
  it("is refused when it would shorten", () => {
    expect(extend(active, { expiresAt: at("10:10") }, at("10:01"))).toMatchObject({ refusal: { field: "expiresAt" } });
  });
  it("is refused before activation, after expiry and after the end", () => {
    expect(extend(ready, { seconds: 60 }, at("09:51"))).toMatchObject({ refusal: { code: "invalid_state" } });
    expect(extend(active, { seconds: 60 }, at("10:15"))).toMatchObject({ refusal: { code: "invalid_state" } });
    const terminated = end(queued(claim, 1, 1, at("10:00")), "deleted_by_owner", at("10:01"));
    expect(extend(terminated, { seconds: 60 }, at("10:02"))).toMatchObject({
      refusal: { code: "sandbox_terminated", reason: "deleted_by_owner" },
    });
  });
  it("never passes the longest lifetime, however often it is asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 20 }), (steps) => {
        let sandbox = active;
        for (const seconds of steps) {
          const extended = extend(sandbox, { seconds }, at("10:01"));
          if (extended.ok) sandbox = extended.value;
        }
        expect(sandbox.expiresAt).toBeLessThanOrEqual(sandbox.activatedAt + claim.terms.maxLifetimeSeconds * 1000);
      }),
    );
  });
});

describe("use", () => {
  it("activates once and keeps the first activation", () => {
    expect(use(active, at("10:04"))).toMatchObject({ activatedAt: at("10:00"), lastSeenAt: at("10:04") });
  });
  it("does not turn the idle clock back when an older use is recorded late", () => {
    expect(use(use(active, at("10:04")), at("10:02")).lastSeenAt).toBe(at("10:04"));
  });
});

describe("every change of a sandbox", () => {
  const waiting = queued(claim, 3, 3, at("10:00"));
  const changes: readonly (readonly [Sandbox, Sandbox])[] = [
    [waiting, matched(waiting, clusterId, at("10:01"))],
    [waiting, end(waiting, "deleted_by_owner", at("10:01"))],
    [waiting, end(waiting, "queue_timeout", at("10:05"))],
    [ready, active],
    [ready, end(ready, "not_activated", at("10:00"))],
    [active, end(active, "expired", at("10:15"))],
    [active, end(active, "lost", at("10:15"))],
  ];
  it.each(changes)("follows the life cycle and grows the version by one: $0.state", (before, after) => {
    expect(maySandboxBecome(before.state, after.state)).toBe(true);
    expect(after.version).toBe(before.version + 1);
    expect(after.events.at(-1)?.seq).toBe(after.version);
  });
  it("ends in terminated once the cluster is gone", () => {
    const ended = end(active, "expired", at("10:15"));
    expect(ended.state === "terminating" && close(ended, at("10:20"))).toMatchObject({
      state: "terminated",
      reason: "expired",
      clusterId,
    });
  });
  it("keeps the first event and the newest ones", () => {
    let sandbox = active;
    for (let n = 0; n < 300; n++) sandbox = use(sandbox, at("10:01"), { type: "credentials_issued" });
    expect(sandbox.events).toHaveLength(maxEvents);
    expect(sandbox.events[0]).toMatchObject({ seq: 1, type: "ready" });
    expect(sandbox.events.at(-1)?.seq).toBe(sandbox.version);
  });
});
