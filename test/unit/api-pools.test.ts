import { describe, expect, it } from "vitest";
import { pool } from "../../shared/api/responses.ts";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { anApi, claimsOf, small } from "../support/api.ts";

const poolId = asId<PoolId>("small");

async function aPool(configs = [small]) {
  const api = await anApi(configs);
  const change = (policy: object) => api.send("PATCH", "/v1/pools/small", { body: { policy } });
  const ask = (verb: string) => api.send("POST", `/v1/pools/small/${verb}`);
  const read = async () => (await api.send("GET", "/v1/pools/small")).body;
  return { ...api, change, ask, read };
}

describe("a paused pool", () => {
  it("makes no cluster, and hands out what is warm", async () => {
    const { warm, ask, claim, pass } = await aPool();
    await warm("cls-1");
    expect(pool.parse((await ask("pause")).body)).toMatchObject({ mode: "paused", target: 2, canClaimNow: true });
    expect((await pass())?.done).toEqual([]);
    expect((await claim("k1")).status).toBe(201);
    expect((await pass())?.done).toEqual([]);
  });

  it("tells whoever does not want to wait that it is paused, and lets others wait without an estimate", async () => {
    const { warm, ask, claim, pass } = await aPool();
    await warm("cls-1");
    await claim("k0");
    await ask("pause");
    await pass();
    const refused = await claim("k1", { onEmpty: "fail" });
    expect(refused).toMatchObject({ status: 503, body: { code: "pool_exhausted", reason: "paused" } });
    expect(refused.body.estimatedReadyAt).toBeUndefined();
    expect(await claim("k2")).toMatchObject({ status: 202, body: { queue: { position: 1 } } });
  });

  it("goes on when it is resumed", async () => {
    const { ask, pass, read } = await aPool();
    await ask("pause");
    expect((await ask("resume")).body.mode).toBe("open");
    expect((await pass())?.done).toEqual(["create"]);
    expect((await read()).counts.inFlight).toBe(2);
  });
});

describe("a draining pool", () => {
  it("refuses claims at once, and says so", async () => {
    const { warm, ask, claim } = await aPool();
    await warm("cls-1");
    const drained = pool.parse((await ask("drain")).body);
    expect(drained).toMatchObject({ mode: "draining", target: 0, canClaimNow: false });
    expect(await claim("k1")).toMatchObject({
      status: 409,
      body: { code: "pool_draining", retryable: true },
      headers: { "Retry-After": "60" },
    });
    expect((await claim("k2", { onEmpty: "fail" })).body.code).toBe("pool_draining");
  });

  it("still answers a claim that was made before", async () => {
    const { warm, ask, claim } = await aPool();
    await warm("cls-1");
    const first = await claim("k1");
    await ask("drain");
    expect(await claim("k1")).toMatchObject({ status: 201, body: { id: first.body.id } });
    expect(await claim("k2", { reuse: "owner" })).toMatchObject({ status: 200, body: { id: first.body.id } });
  });

  it("gives warm clusters up without a cool-down, and takes claims again when resumed", async () => {
    const { warm, ask, claim, pass, read } = await aPool();
    await warm("cls-1");
    await ask("drain");
    expect((await pass())?.done).toEqual(["trim"]);
    expect((await read()).counts).toMatchObject({ available: 0, tearingDown: 1 });
    await ask("resume");
    expect((await claim("k1")).status).toBe(202);
  });

  it("has its gate closed by the next pass when the call died before it did", async () => {
    const { ports, claim, pass } = await aPool();
    await ports.pools.saveOperation(poolId, { mode: "draining", policyOverride: {}, version: 1 });
    expect((await pass())?.done).toEqual(["setGate"]);
    expect((await claim("k1")).body.code).toBe("pool_draining");
  });

  it("drained twice is drained once", async () => {
    const { ask, ports } = await aPool();
    await ask("drain");
    await ask("drain");
    expect((await ports.pools.getOperation(poolId)).version).toBe(1);
  });
});

describe("a recycled pool", () => {
  it("gives a warm cluster up when its replacement is warm", async () => {
    const { warm, ask, pass, read, time, change } = await aPool();
    await change({ minWarm: 1 });
    await warm("cls-1");
    expect((await ask("recycle")).body).toMatchObject({ stale: 1, recycledAt: "2026-11-21T10:00:00.000Z" });
    time.now += 240_000;
    await warm("cls-2");
    expect((await read()).counts).toMatchObject({ available: 2 });
    expect((await pass())?.done).toEqual(["roll"]);
    expect(await read()).toMatchObject({ stale: 0, counts: { available: 1, tearingDown: 1 } });
    expect((await pass())?.done).toEqual([]);
  });

  it("asks for the replacement first", async () => {
    const { warm, ask, pass, change } = await aPool();
    await change({ minWarm: 1 });
    await warm("cls-1");
    await ask("recycle");
    expect((await pass())?.done).toEqual(["create"]);
    expect((await pass())?.done).toEqual([]);
  });
});

describe("a pool without room in the cloud", () => {
  it("says until when, refuses with that reason, and serves what is warm", async () => {
    const { ports, warm, claim, read, time, pass } = await aPool();
    await warm("cls-1");
    await ports.pools.saveCapacity(poolId, undefined, { until: time.now + 30_000, attempts: 1 });
    expect(pool.parse(await read()).capacityBlockedUntil).toBe("2026-11-21T10:00:30.000Z");
    expect((await claim("k1")).status).toBe(201);
    await pass();
    expect((await claim("k2", { onEmpty: "fail" })).body.reason).toBe("capacity_blocked");
    time.now += 30_000;
    await pass();
    expect((await read()).capacityBlockedUntil).toBeUndefined();
    expect((await claim("k3", { onEmpty: "fail" })).body.reason).toBe("warming");
  });
});

describe("a change of a pool's policy", () => {
  it("is in force from the next pass, over a deployment, until it is taken back", async () => {
    const { change, pass, read, ports } = await aPool();
    const changed = await change({ minWarm: 3, maxConcurrent: 8 });
    expect(pool.parse(changed.body)).toMatchObject({
      target: 3,
      policy: { ...small.policy, minWarm: 3, maxConcurrent: 8 },
      policyOverride: { minWarm: 3, maxConcurrent: 8 },
    });
    await ports.pools.putConfig({ ...small, policy: { ...small.policy, minWarm: 1 } });
    expect((await pass())?.target).toBe(3);
    await change({ minWarm: null });
    expect(await read()).toMatchObject({ target: 1, policyOverride: { maxConcurrent: 8 } });
  });

  it("keeps its mode, and a mode keeps the policy", async () => {
    const { ask, change, read } = await aPool();
    await ask("pause");
    await change({ bufferPercent: 50 });
    await ask("resume");
    expect(await read()).toMatchObject({ mode: "open", policyOverride: { bufferPercent: 50 } });
  });

  it.each([
    [{ minWarm: 9 }, "policy.minWarm"],
    [{ maxTotal: 1 }, "policy.minWarm"],
    [{ bufferPercent: 100 }, "policy.bufferPercent"],
    [{ bufferPercent: -1 }, "policy.bufferPercent"],
    [{ trimCoolDownSeconds: -5 }, "policy.trimCoolDownSeconds"],
    [{ maxConcurrent: 0 }, "policy.maxConcurrent"],
    [{ minWarm: 1.5 }, "policy.minWarm"],
    [{ minWarm: "2" }, "policy.minWarm"],
    [{ maxTotal: 1e300 }, "policy.maxTotal"],
    [{ minWarn: 2 }, "policy.minWarn"],
    [{}, "policy"],
  ])("such as %j is refused with 400, names %s, and changes nothing", async (policy, field) => {
    const { change, read } = await aPool();
    const { status, body } = await change(policy);
    expect([status, body.code, body.errors[0].field]).toEqual([400, "invalid_request", field]);
    expect((await read()).policyOverride).toEqual({});
  });

  it("names every field that is out of range at once", async () => {
    const { change } = await aPool();
    const { body } = await change({ minWarm: -1, bufferPercent: 100 });
    expect(body.errors.map((it: { field: string }) => it.field)).toEqual(["policy.minWarm", "policy.bufferPercent"]);
  });

  it("checks against what was changed before, and taking that back can contradict too", async () => {
    const { change } = await aPool();
    await change({ maxTotal: 20, minWarm: 12 });
    expect(await change({ maxTotal: null })).toMatchObject({
      status: 400,
      body: { errors: [{ field: "policy.minWarm" }] },
    });
    expect((await change({ maxTotal: null, minWarm: null })).body.policyOverride).toEqual({});
  });

  it("without a policy, or with a field beside it, is refused", async () => {
    const { send } = await aPool();
    const refused = async (body: object) => (await send("PATCH", "/v1/pools/small", { body })).body.errors[0].field;
    expect(await refused({})).toBe("policy");
    expect(await refused({ policy: { minWarm: 1 }, mode: "paused" })).toBe("mode");
  });

  it("of a pool that the deployment retired is refused", async () => {
    const { change } = await aPool([{ ...small, policy: { ...small.policy, minWarm: 0, maxTotal: 0 } }]);
    expect(await change({ maxTotal: 5 })).toMatchObject({ status: 400, body: { errors: [{ field: "policy" }] } });
  });

  it("made by two at once loses neither", async () => {
    const { change, read } = await aPool();
    await Promise.all([change({ minWarm: 1 }), change({ bufferPercent: 30 })]);
    expect((await read()).policyOverride).toEqual({ minWarm: 1, bufferPercent: 30 });
  });
});

describe("the calls of operators", () => {
  const calls = [
    ["PATCH", ""],
    ["POST", "/pause"],
    ["POST", "/drain"],
    ["POST", "/resume"],
    ["POST", "/recycle"],
  ] as const;

  it.each(calls)("%s %s needs its own scope, an existing pool and no surprise in the body", async (method, verb) => {
    const { send, ports } = await aPool();
    const body = method === "PATCH" ? { policy: { minWarm: 1 } } : {};
    const claims = claimsOf({ scope: "sandboxes:read sandboxes:write pools:read" });
    expect((await send(method, `/v1/pools/small${verb}`, { body, claims })).status).toBe(403);
    expect((await send(method, `/v1/pools/large${verb}`, { body })).body.code).toBe("pool_not_found");
    expect((await send(method, `/v1/pools/sm%20all${verb}`, { body })).body.code).toBe("pool_not_found");
    const surprising = await send(method, `/v1/pools/small${verb}`, { body: { ...body, force: true } });
    expect([surprising.status, surprising.body.errors[0].field]).toEqual([400, "force"]);
    expect((await ports.pools.getOperation(poolId)).version).toBe(0);
    expect((await send(method, `/v1/pools/small${verb}`, { body })).status).toBe(200);
  });

  it("nudge the refiller", async () => {
    const { ask, queues } = await aPool();
    await ask("pause");
    expect(queues.nudges).toHaveLength(1);
  });
});
