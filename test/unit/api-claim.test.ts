import { describe, expect, it } from "vitest";
import { createHandler } from "../../lambdas/api/api.ts";
import { claimedSandbox } from "../../shared/api/responses.ts";
import { anApi, ask, claimsOf, inMemory, quiet, small } from "../support/api.ts";

describe("a claim", () => {
  it("is answered 201 with a ready sandbox when a warm cluster is there", async () => {
    const { claim, warm } = await anApi();
    await warm("cls-1");
    const { status, headers, body } = await claim("k1", { labels: { course: "k8s" } });
    expect(status).toBe(201);
    expect(claimedSandbox.parse(body)).toMatchObject({
      state: "ready",
      reused: false,
      ownerId: "ada",
      labels: { course: "k8s" },
      deadline: { reason: "not_activated", at: "2026-11-21T10:10:00.000Z" },
      serverTime: "2026-11-21T10:00:00.000Z",
    });
    expect(headers).toMatchObject({ Location: `/v1/sandboxes/${body.id}`, ETag: '"v1"', "X-Request-Id": "request-1" });
    expect(body.id).toMatch(/^sbx_[a-z2-7]{32}$/);
  });

  it("is answered 202 with its place in line when none is there", async () => {
    const { claim } = await anApi();
    await claim("k1");
    const { status, headers, body } = await claim("k2");
    expect(status).toBe(202);
    expect(claimedSandbox.parse(body)).toMatchObject({ state: "pending", queue: { position: 2 } });
    expect(headers).toMatchObject({ Location: `/v1/sandboxes/${body.id}`, "Retry-After": "10" });
  });

  it("says when the cluster is expected, and asks again at least every half minute", async () => {
    const { claim, warm, pass } = await anApi();
    await warm("cls-1");
    await claim("k1");
    await pass();
    const { headers, body } = await claim("k2");
    expect(body.queue).toEqual({ position: 1, estimatedReadyAt: "2026-11-21T10:03:00.000Z" });
    expect(headers["Retry-After"]).toBe("30");
  });

  it("is refused with 503, counts and a reason when it does not want to wait", async () => {
    const { claim } = await anApi();
    const { status, headers, body } = await claim("k1", { onEmpty: "fail" });
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: "pool_exhausted",
      reason: "warming",
      counts: { available: 0, maxTotal: 8 },
      retryable: true,
      retryAfterSeconds: 30,
    });
    expect(headers).toMatchObject({ "Retry-After": "30", "Content-Type": "application/problem+json" });
  });

  it("repeated with the same key and body finds the same sandbox, with the status of its state", async () => {
    const { claim, warm, recorded } = await anApi();
    await warm("cls-1");
    const first = await claim("k1");
    const again = await claim("k1");
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(again.headers["Idempotent-Replayed"]).toBe("true");
    const waiting = await claim("k2");
    expect((await claim("k2")).status).toBe(202);
    expect((await claim("k2")).body).toMatchObject({ id: waiting.body.id, queue: { position: 1 } });
    expect(recorded.map(([, values]) => Object.keys(values)[0])).toEqual(["ClaimsReady", "ClaimsWaitedOrRefused"]);
  });

  it("repeated after its sandbox has ended is answered 410 with the reason", async () => {
    const { claim, send, warm } = await anApi();
    await warm("cls-1");
    const { body } = await claim("k1");
    await send("DELETE", `/v1/sandboxes/${body.id}`);
    expect(await claim("k1")).toMatchObject({
      status: 410,
      body: { code: "sandbox_terminated", reason: "deleted_by_owner" },
    });
  });

  it("with the same key and another body is refused with 422", async () => {
    const { claim, warm } = await anApi();
    await warm("cls-1");
    await claim("k1", { labels: { a: "1", b: "2" } });
    expect((await claim("k1", { labels: { b: "2", a: "1" } })).status).toBe(201);
    expect(await claim("k1", { labels: { a: "1", b: "3" } })).toMatchObject({
      status: 422,
      body: { code: "idempotency_key_reused", retryable: false },
    });
  });

  it("of another tenant with the same key is another sandbox", async () => {
    const { claim, warm } = await anApi();
    await warm("cls-1");
    await warm("cls-2");
    const [one, two] = [await claim("k"), await claim("k", {}, claimsOf({ tenant: "globex" }))];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.body.id).not.toBe(two.body.id);
  });

  it("answers the owner's existing sandbox when asked to reuse it", async () => {
    const { claim, warm } = await anApi();
    await warm("cls-1");
    const first = await claim("k1");
    expect(await claim("k2", { reuse: "owner" })).toMatchObject({
      status: 200,
      body: { id: first.body.id, reused: true },
    });
  });

  it("that reuses a sandbox which still waits is answered 202 with its place", async () => {
    const { claim } = await anApi();
    const first = await claim("k1");
    expect(await claim("k2", { reuse: "owner" })).toMatchObject({
      status: 202,
      body: { id: first.body.id, reused: true, queue: { position: 1 } },
    });
  });

  it("takes the owner from the token's subject unless the body names one", async () => {
    const { claim } = await anApi();
    expect((await claim("k1", { ownerId: "grace" })).body.ownerId).toBe("grace");
    expect((await claim("k2")).body.ownerId).toBe("ada");
    expect(await claim("k3", {}, claimsOf({ sub: undefined }))).toMatchObject({
      status: 400,
      body: { errors: [{ field: "ownerId" }] },
    });
  });

  it("beyond the owner's quota is refused with 429 and the limit", async () => {
    const { claim } = await anApi([{ ...small, quotas: { owner: 1, tenant: 5 } }]);
    await claim("k1");
    expect(await claim("k2")).toMatchObject({ status: 429, body: { code: "owner_quota_exceeded", limit: 1 } });
    expect((await claim("k3", { ownerId: "grace" })).status).toBe(202);
  });

  it("beyond the tenant's quota is refused with 429 and the limit", async () => {
    const { claim } = await anApi([{ ...small, quotas: { owner: 5, tenant: 1 } }]);
    await claim("k1");
    expect(await claim("k2")).toMatchObject({ status: 429, body: { code: "tenant_quota_exceeded", limit: 1 } });
  });

  it("makes three store calls when a warm cluster is there and the pool's configuration is known", async () => {
    const { ports, warm } = await inMemory();
    await warm("cls-1");
    await warm("cls-2");
    const calls: string[] = [];
    const counting = <T extends object>(store: T): T =>
      new Proxy(store, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => {
            calls.push(String(name));
            return Reflect.apply(member, target, args);
          };
        },
      });
    const stores = { pools: counting(ports.pools), sandboxes: counting(ports.sandboxes) };
    const handler = createHandler({ ...ports, ...stores }, quiet);
    const claim = (key: string) =>
      ask(handler, "POST", "/v1/sandboxes", { headers: { "Idempotency-Key": key }, body: { poolId: "small" } });
    await claim("k1");
    calls.length = 0;
    expect((await claim("k2")).status).toBe(201);
    expect(calls).toEqual(["drawTicket", "takeSlotForSandbox", "match"]);
  });

  it("and a deletion are served while the queues are down: the refiller's next pass makes good what was not sent", async () => {
    const { ports, warm } = await inMemory();
    await warm("cls-1");
    const down = async () => {
      throw new Error("SQS is down");
    };
    const handler = createHandler({ ...ports, refill: { nudge: down }, work: { send: down } }, quiet);
    const request = { headers: { "Idempotency-Key": "k" }, body: { poolId: "small" } };
    const claimed = await ask(handler, "POST", "/v1/sandboxes", request);
    expect(claimed.status).toBe(201);
    expect((await ask(handler, "DELETE", `/v1/sandboxes/${claimed.body.id}`)).status).toBe(202);
  });

  it("counts what the pool's users felt, by pool", async () => {
    const { claim, warm, recorded } = await anApi();
    await warm("cls-1");
    await claim("ready");
    await claim("waits");
    await claim("refused", { onEmpty: "fail" });
    const pool = { pool: "small" };
    expect(recorded).toEqual([
      [pool, { ClaimsReady: 1, ClaimLatency: 0 }],
      [pool, { ClaimsWaitedOrRefused: 1 }],
      [pool, { ClaimsWaitedOrRefused: 1 }],
    ]);
  });
});

describe("a claim with bad input", () => {
  const refused = async (body: object) => {
    const { claim } = await anApi();
    const answer = await claim("k", body);
    return [answer.status, answer.body.code, answer.body.errors?.map((it: { field: string }) => it.field)];
  };

  it("names an unknown field", async () => {
    expect(await refused({ ttlSecond: 5 })).toEqual([400, "invalid_request", ["ttlSecond"]]);
  });
  it("names a field of the wrong type, and every other one at once", async () => {
    expect(await refused({ ttlSeconds: "5", onEmpty: "maybe", labels: { a: 1 } })).toEqual([
      400,
      "invalid_request",
      ["onEmpty", "ttlSeconds", "labels.a"],
    ]);
  });
  it("names a time that the pool does not grant", async () => {
    expect(await refused({ ttlSeconds: 3601 })).toEqual([400, "invalid_request", ["ttlSeconds"]]);
    expect(await refused({ maxQueueSeconds: 301 })).toEqual([400, "invalid_request", ["maxQueueSeconds"]]);
  });
  it("names too many labels, and a key that is none", async () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`l${n}`, "x"]));
    expect(await refused({ labels: many })).toEqual([400, "invalid_request", ["labels"]]);
    expect(await refused({ labels: { "a b": "x" } })).toEqual([400, "invalid_request", ["labels.a b"]]);
  });
  it("is 404 for a pool that does not exist", async () => {
    expect(await refused({ poolId: "large" })).toEqual([404, "pool_not_found", undefined]);
  });
  it("names the header when the Idempotency-Key is missing, empty, too long or not printable", async () => {
    const { send, claim } = await anApi();
    const missing = await send("POST", "/v1/sandboxes", { body: { poolId: "small" } });
    expect(missing).toMatchObject({ status: 400, body: { errors: [{ field: "idempotency-key" }] } });
    expect(missing.body.detail).toContain("Idempotency-Key");
    for (const key of ["", "k".repeat(256), "clé"]) expect((await claim(key)).status).toBe(400);
    expect((await claim("k".repeat(255))).status).toBe(202);
  });
});
