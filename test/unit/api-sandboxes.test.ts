import { beforeEach, describe, expect, it } from "vitest";
import { clusterList, owner, pool, sandbox, sandboxEvents, sandboxList } from "../../shared/api/responses.ts";
import { anApi, claimsOf } from "../support/api.ts";

type Api = Awaited<ReturnType<typeof anApi>>;
let api: Api;
let id: string;
let path: string;

beforeEach(async () => {
  api = await anApi();
  await api.warm("cls-1");
  const { body } = await api.claim("k1", { labels: { course: "k8s" } });
  id = body.id;
  path = `/v1/sandboxes/${id}`;
});

const other = claimsOf({ tenant: "globex" });

describe("a sandbox", () => {
  it("is read with its ETag and the server's time", async () => {
    const { status, headers, body } = await api.send("GET", path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ ETag: '"v1"', "Cache-Control": "no-store" });
    expect(sandbox.parse(body)).toMatchObject({ id, state: "ready" });
  });

  it("of another tenant is 404, for every call, as if it did not exist", async () => {
    const calls: [string, string, unknown?][] = [
      ["GET", path],
      ["GET", `${path}?waitFor=ready`],
      ["GET", `${path}/events`],
      ["PATCH", path, { labels: {} }],
      ["DELETE", path],
      ["POST", `${path}/extend`, { seconds: 60 }],
      ["POST", `${path}/heartbeat`],
    ];
    for (const [method, target, body] of calls) {
      const missing = target.replace(id, `sbx_${"a".repeat(32)}`);
      const foreign = await api.send(method, target, { body, claims: other });
      expect(foreign).toMatchObject({ status: 404, body: { code: "sandbox_not_found" } });
      expect(foreign.body).toEqual((await api.send(method, missing, { body })).body);
    }
    expect((await api.send("GET", path)).body).toMatchObject({ state: "ready", version: 1 });
  });

  it("whose id cannot be one is 404", async () => {
    for (const bad of ["nope", "sbx_", `sbx_${"A".repeat(32)}`, "x".repeat(3000), "%E0%A4%A"]) {
      expect(await api.send("GET", `/v1/sandboxes/${bad}`)).toMatchObject({
        status: 404,
        body: { code: "sandbox_not_found" },
      });
    }
  });

  it("is activated by the first heartbeat, which answers the deadlines", async () => {
    const { status, body } = await api.send("POST", `${path}/heartbeat`);
    expect(status).toBe(200);
    expect(sandbox.parse(body)).toMatchObject({
      state: "active",
      expiresAt: "2026-11-21T10:15:00.000Z",
      extendableUntil: "2026-11-21T12:00:00.000Z",
      deadline: { reason: "expired" },
    });
  });

  it("cannot be used while it waits", async () => {
    const waiting = await api.claim("k2");
    expect(await api.send("POST", `/v1/sandboxes/${waiting.body.id}/heartbeat`)).toMatchObject({
      status: 409,
      body: { code: "invalid_state", state: "pending" },
    });
  });
});

describe("an extension", () => {
  beforeEach(() => api.send("POST", `${path}/heartbeat`));

  it("answers the new deadline, by seconds or by time", async () => {
    const bySeconds = await api.send("POST", `${path}/extend`, { body: { seconds: 900 } });
    expect(bySeconds).toMatchObject({ status: 200, body: { expiresAt: "2026-11-21T10:30:00.000Z" } });
    const byTime = await api.send("POST", `${path}/extend`, { body: { expiresAt: "2026-11-21T13:00:00+02:00" } });
    expect(byTime).toMatchObject({ status: 200, body: { expiresAt: "2026-11-21T11:00:00.000Z" } });
  });
  it("past the longest lifetime is refused with 409 and the limit, and changes nothing", async () => {
    expect(await api.send("POST", `${path}/extend`, { body: { seconds: 7200 } })).toMatchObject({
      status: 409,
      body: { code: "extension_limit_reached", limit: "2026-11-21T12:00:00.000Z", retryable: false },
    });
    expect((await api.send("GET", path)).body.expiresAt).toBe("2026-11-21T10:15:00.000Z");
  });
  it("that names no deadline, two, a malformed or an earlier one is refused with 400", async () => {
    const bodies = [
      {},
      { seconds: 60, expiresAt: "2026-11-21T11:00:00Z" },
      { expiresAt: "tomorrow" },
      { expiresAt: "2026-11-21T10:01:00Z" },
      { seconds: 0 },
      { seconds: 1.5 },
    ];
    for (const body of bodies) {
      expect(await api.send("POST", `${path}/extend`, { body })).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
    }
  });
});

describe("an update", () => {
  it("changes what it names when the ETag still holds", async () => {
    const body = { metadata: { note: "x" }, idleTimeoutSeconds: 60 };
    const updated = await api.send("PATCH", path, { body, headers: { "If-Match": '"v1"' } });
    expect(updated).toMatchObject({
      status: 200,
      headers: { ETag: '"v2"' },
      body: { labels: { course: "k8s" }, metadata: { note: "x" }, idleTimeoutSeconds: 60 },
    });
    const off = await api.send("PATCH", path, { body: { idleTimeoutSeconds: null } });
    expect(off.body).not.toHaveProperty("idleTimeoutSeconds");
  });
  it("decided on another version is refused with 412", async () => {
    for (const tag of ['"v2"', "v1", 'W/"v1"', '"other"']) {
      expect(await api.send("PATCH", path, { body: { labels: {} }, headers: { "If-Match": tag } })).toMatchObject({
        status: 412,
        body: { code: "etag_mismatch" },
      });
    }
    expect((await api.send("PATCH", path, { body: { labels: {} }, headers: { "if-match": "*" } })).status).toBe(200);
  });
  it("that names nothing, or what cannot be changed, is refused with 400", async () => {
    for (const body of [{}, { ttlSeconds: 5 }, { state: "active" }, []]) {
      expect((await api.send("PATCH", path, { body })).status).toBe(400);
    }
  });
});

describe("a deletion", () => {
  it("is accepted with 202, again and again, and the record stays readable with the reason", async () => {
    for (const _ of [1, 2, 3]) {
      expect(await api.send("DELETE", path)).toMatchObject({
        status: 202,
        body: { state: "terminating", stateReason: "deleted_by_owner" },
      });
    }
    expect(await api.send("GET", path)).toMatchObject({ status: 200, body: { stateReason: "deleted_by_owner" } });
    expect(api.queues.sent.map((it) => it.message.kind)).toEqual(["advanceCluster"]);
  });

  it("makes every later use 410 with the reason", async () => {
    const waiting = await api.claim("k2");
    await api.send("DELETE", `/v1/sandboxes/${waiting.body.id}`);
    const calls: [string, string, unknown?][] = [
      ["POST", "heartbeat"],
      ["POST", "extend", { seconds: 60 }],
    ];
    for (const [method, call, body] of calls) {
      expect(await api.send(method, `/v1/sandboxes/${waiting.body.id}/${call}`, { body })).toMatchObject({
        status: 410,
        body: { code: "sandbox_terminated", reason: "deleted_by_owner" },
      });
    }
  });
});

describe("a long poll", () => {
  it("answers at once when the sandbox waits no longer", async () => {
    const before = api.time.now;
    expect(await api.send("GET", `${path}?waitFor=ready&timeoutSeconds=25`)).toMatchObject({ status: 200 });
    expect(api.time.now).toBe(before);
  });
  it("answers the place in line when the time is up", async () => {
    const waiting = await api.claim("k2");
    const before = api.time.now;
    const answer = await api.send("GET", `/v1/sandboxes/${waiting.body.id}?waitFor=ready&timeoutSeconds=3`);
    expect(answer).toMatchObject({ status: 200, body: { state: "pending", queue: { position: 1 } } });
    expect(api.time.now - before).toBe(3000);
  });
  it("cannot outlast the gateway", async () => {
    for (const query of ["waitFor=ready&timeoutSeconds=26", "waitFor=active", "timeoutSeconds=5", "waitfor=ready"]) {
      expect((await api.send("GET", `${path}?${query}`)).status).toBe(400);
    }
  });
});

describe("lists", () => {
  it("page through the tenant's sandboxes, newest first", async () => {
    for (const key of ["k2", "k3"]) {
      api.time.now += 1000;
      await api.claim(key);
    }
    const first = await api.send("GET", "/v1/sandboxes?limit=2");
    expect(sandboxList.parse(first.body).items).toHaveLength(2);
    const second = await api.send("GET", `/v1/sandboxes?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`);
    expect(second.body.items.map((it: { id: string }) => it.id)).toEqual([id]);
    expect(second.body).not.toHaveProperty("nextCursor");
    expect((await api.send("GET", "/v1/sandboxes", { claims: other })).body.items).toEqual([]);
  });
  it("filter by state, owner, pool and label", async () => {
    const count = async (query: string) => (await api.send("GET", `/v1/sandboxes?${query}`)).body.items.length;
    expect(await count("state=ready&ownerId=ada&poolId=small&label.course=k8s")).toBe(1);
    expect(await count("label.course=helm")).toBe(0);
    expect(await count("state=active")).toBe(0);
  });
  it("refuse a cursor that they did not hand out, and parameters that mean nothing", async () => {
    const bad = await api.send("GET", "/v1/sandboxes?cursor=bm9uc2Vuc2U");
    expect(bad).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ field: "cursor" }] } });
    for (const query of ["limit=0", "limit=101", "limit=many", "state=gone", "owner=ada"]) {
      expect((await api.send("GET", `/v1/sandboxes?${query}`)).status).toBe(400);
    }
  });
  it("tell a sandbox's events after a sequence number", async () => {
    await api.send("POST", `${path}/heartbeat`);
    const all = sandboxEvents.parse((await api.send("GET", `${path}/events`)).body).items;
    expect(all.map((it) => it.type)).toEqual(["ready", "activated"]);
    const later = await api.send("GET", `${path}/events?afterSeq=1`);
    expect(later.body.items.map((it: { seq: number }) => it.seq)).toEqual([2]);
  });
});

describe("pools and owners", () => {
  it("tell counts, and whether a claim would be served now", async () => {
    const { body } = await api.send("GET", "/v1/pools/small");
    expect(pool.parse(body)).toMatchObject({ id: "small", counts: { claimed: 1, available: 0 }, canClaimNow: false });
    expect((await api.send("GET", "/v1/pools")).body.items).toHaveLength(1);
    expect(await api.send("GET", "/v1/pools/large")).toMatchObject({ status: 404, body: { code: "pool_not_found" } });
    expect((await api.send("GET", "/v1/pools/no%20pool")).status).toBe(404);
  });
  it("show clusters without whose they are or where", async () => {
    const { body } = await api.send("GET", "/v1/pools/small/clusters");
    expect(clusterList.parse(body).items).toMatchObject([{ id: "cls-1", state: "claimed" }]);
    expect(JSON.stringify(body)).not.toMatch(/acme|ada|cluster\.example|sbx_/);
  });
  it("tell an owner's use and limits", async () => {
    const { body } = await api.send("GET", "/v1/owners/ada");
    expect(owner.parse(body)).toMatchObject({ quota: { used: 1, limits: { small: 3 } }, sandboxes: [id] });
    expect((await api.send("GET", "/v1/owners/ada", { claims: other })).body.quota.used).toBe(0);
    expect((await api.send("GET", "/v1/owners/a%20b")).status).toBe(400);
  });
});
