import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../support/http.ts";
import { claim, target, tokenFor, waitForState, waitForWarm } from "../support/sandlot.ts";

const { apiUrl } = target();
const sandboxesUrl = `${apiUrl}/v1/sandboxes`;
let token: string;
let strangersToken: string;
let sandboxId: string;

beforeAll(async () => {
  token = await tokenFor({ tenant: "acme", subject: "grace" });
  strangersToken = await tokenFor({ tenant: "globex", subject: "hank" });
  await waitForWarm(token, "small", 1);
  const { body } = await claim(token, { poolId: "small", ttlSeconds: 600 });
  sandboxId = body.id;
  await call(`${sandboxesUrl}/${sandboxId}/heartbeat`, { method: "POST", token });
});
afterAll(async () => {
  await call(`${sandboxesUrl}/${sandboxId}`, { method: "DELETE", token });
  await waitForState(token, sandboxId, "terminated");
});

/** A claim with this body as it is. */
function post(raw: string, headers: Readonly<Record<string, string>> = { "idempotency-key": randomUUID() }) {
  return call(sandboxesUrl, { method: "POST", token, raw, headers });
}

describe("a claim is refused, by name, for", () => {
  it("malformed JSON", async () => {
    const { status, headers, body } = await post('{"poolId": "small",}');
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(headers.get("content-type")).toContain("application/problem+json");
    expect(headers.get("x-request-id")).toBeTruthy();
  });
  it("a body beyond the limit", async () => {
    const { status, body } = await post(JSON.stringify({ poolId: "small", metadata: { notes: "x".repeat(100_000) } }));
    expect(status).toBe(413);
    expect(body.detail).toMatch(/64/);
  });
  it("an unknown field", async () => {
    const { status, body } = await post('{"poolId":"small","ttlSecond":60}');
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(JSON.stringify(body)).toContain("ttlSecond");
  });
  it("a field of the wrong type", async () => {
    const { status, body } = await post('{"poolId":"small","ttlSeconds":"900"}');
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(JSON.stringify(body)).toContain("ttlSeconds");
  });
  it("a time beyond what the pool grants", async () => {
    const { status, body } = await post('{"poolId":"small","ttlSeconds":999999}');
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(JSON.stringify(body)).toContain("ttlSeconds");
  });
  it("an unknown pool", async () => {
    const { status, body } = await post('{"poolId":"huge"}');
    expect([status, body.code]).toEqual([404, "pool_not_found"]);
  });
  it("a missing Idempotency-Key", async () => {
    const { status, body } = await post('{"poolId":"small"}', {});
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/idempotency-key/i);
  });
});

describe("a caller is turned away", () => {
  it("without a token", async () => {
    expect((await call(sandboxesUrl)).status).toBe(401);
  });
  it("with an expired one", async () => {
    const expired = await tokenFor({ tenant: "acme", subject: "grace", expiresInSeconds: -3600 });
    expect((await call(sandboxesUrl, { token: expired })).status).toBe(401);
  });
  it("with one that lacks the scope", async () => {
    const reader = await tokenFor({ tenant: "acme", subject: "grace", scopes: ["sandboxes:read"] });
    expect((await claim(reader, { poolId: "small" })).status).toBe(403);
    expect((await call(sandboxesUrl, { token: reader })).status).toBe(200);
  });
  it("with one that names no tenant", async () => {
    const nobody = await tokenFor({ subject: "grace", tenant: "" });
    expect((await call(sandboxesUrl, { token: nobody })).status).toBe(403);
  });
});

describe("another tenant's sandbox", () => {
  const calls = [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/extend", { seconds: 60 }],
    ["POST", "/heartbeat"],
    ["POST", "/credentials"],
    ["GET", "/events"],
  ] as const;
  it.each(calls)("is not there: %s %s", async (method, path, body?) => {
    const url = `${sandboxesUrl}/${sandboxId}${path}`;
    const answer = await call(url, { method, token: strangersToken, ...(body && { body }) });
    expect([answer.status, answer.body.code]).toEqual([404, "sandbox_not_found"]);
  });
  it("is not in the list", async () => {
    const mine = await call(sandboxesUrl, { token });
    const theirs = await call(sandboxesUrl, { token: strangersToken });
    const ids = (answer: typeof mine) => answer.body.items.map((it: { id: string }) => it.id);
    expect(ids(mine)).toContain(sandboxId);
    expect(ids(theirs)).not.toContain(sandboxId);
  });
});

describe("an extension", () => {
  it("past the longest lifetime is refused with 409", async () => {
    const body = { seconds: 8 * 3600 };
    const answer = await call(`${sandboxesUrl}/${sandboxId}/extend`, { method: "POST", token, body });
    expect([answer.status, answer.body.code]).toEqual([409, "extension_limit_reached"]);
  });
  it("within it moves the deadline by exactly what was asked for", async () => {
    const before = await call(`${sandboxesUrl}/${sandboxId}`, { token });
    const answer = await call(`${sandboxesUrl}/${sandboxId}/extend`, { method: "POST", token, body: { seconds: 60 } });
    expect(answer.status).toBe(200);
    expect(Date.parse(answer.body.expiresAt) - Date.parse(before.body.expiresAt)).toBe(60_000);
  });
});

describe("an address that is not in the API", () => {
  it("gets a problem document", async () => {
    const { status, body } = await call(`${apiUrl}/v1/clusters`, { token });
    expect([status, body.status]).toEqual([404, 404]);
  });
  it("and a method that an address does not know names those it knows", async () => {
    const { status, headers } = await call(sandboxesUrl, { method: "PUT", token, body: {} });
    expect(status).toBe(405);
    expect(headers.get("allow")).toContain("POST");
  });
});
