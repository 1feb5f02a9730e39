import { Logger } from "@aws-lambda-powertools/logger";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHandler } from "../../lambdas/api/api.ts";
import { httpPipe } from "../../lambdas/pipeline.ts";
import { routes } from "../../shared/api/routes.ts";
import { anApi, ask, claimsOf, gatewayEvent, inMemory, lambdaContext, quiet } from "../support/api.ts";

const target = (path: string) =>
  path
    .replace("{sandboxId}", `sbx_${"a".repeat(32)}`)
    .replace("{poolId}", "small")
    .replace("{ownerId}", "ada");

describe("the pipe", () => {
  it("names the request on every answer, and lower-cases the caller's headers", async () => {
    const seen: unknown[] = [];
    const handler = httpPipe(quiet, async (event) => {
      seen.push(event.headers.authorization);
      return { statusCode: 204 };
    });
    expect(await ask(handler, "GET", "/v1/health")).toMatchObject({ headers: { "X-Request-Id": "request-1" } });
    expect(seen).toEqual(["Bearer secret-token"]);
  });

  it("answers what is thrown as a problem document that tells nothing of it", async () => {
    const handler = httpPipe(quiet, async () => {
      throw new Error("connect ECONNREFUSED 10.0.0.1");
    });
    const { status, headers, body } = await ask(handler, "GET", "/v1/health");
    expect(status).toBe(500);
    expect(headers).toMatchObject({ "Content-Type": "application/problem+json", "X-Request-Id": "request-1" });
    expect(body).toMatchObject({ code: "internal_error", requestId: "request-1", retryable: true });
    expect(JSON.stringify(body)).not.toContain("10.0.0.1");
  });

  it("answers before the function's time is up", async () => {
    const handler = httpPipe(quiet, () => new Promise(() => {}));
    const answer = await handler(gatewayEvent("GET", "/v1/pools"), {
      ...lambdaContext,
      getRemainingTimeInMillis: () => 520,
    });
    expect(answer.statusCode).toBe(500);
  });
});

describe("the log", () => {
  afterEach(() => vi.restoreAllMocks());

  it("has the stack of a fault with the request's id, and never a body, a token or a key", async () => {
    vi.stubEnv("POWERTOOLS_LOGGER_LOG_EVENT", "true");
    const lines: string[] = [];
    const take = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
    vi.spyOn(process.stdout, "write").mockImplementation(take);
    vi.spyOn(process.stderr, "write").mockImplementation(take);
    const { ports } = await inMemory();
    const fail = async () => {
      throw new Error("the table is gone");
    };
    const handler = createHandler({ ...ports, pools: { ...ports.pools, getConfig: fail } }, new Logger());
    await ask(handler, "POST", "/v1/sandboxes", {
      body: { poolId: "small", metadata: { note: "body-secret" } },
      headers: { "Idempotency-Key": "key-secret" },
    });
    vi.unstubAllEnvs();
    const log = lines.join("");
    expect(log).toContain("the table is gone");
    expect(log).toMatch(/stack/);
    expect(log).toContain('"requestId":"request-1"');
    expect(log).not.toMatch(/body-secret|secret-token|key-secret/);
  });
});

describe("the router", () => {
  it("answers an unknown path with 404 and another method with 405 and what there is", async () => {
    const { send } = await anApi();
    for (const path of ["/", "/v1", "/v1/sandboxes/", "/v2/sandboxes", "/v1/pools/small/clusters/x"]) {
      expect(await send("GET", path)).toMatchObject({ status: 404, body: { code: "route_not_found" } });
    }
    expect(await send("PUT", "/v1/sandboxes")).toMatchObject({
      status: 405,
      headers: { Allow: "POST, GET", "Content-Type": "application/problem+json" },
      body: { code: "method_not_allowed" },
    });
    const credentials = target(routes.issueCredentials.path);
    expect(await send("GET", credentials)).toMatchObject({ status: 405, headers: { Allow: "POST" } });
    expect((await send("POST", credentials)).status).toBe(404);
  });

  it("refuses a token without a tenant, or without the route's scope, on every route", async () => {
    const { send } = await anApi();
    for (const { method, path, scope, function: name } of Object.values(routes)) {
      if (scope === null || name !== "api") continue;
      const claims = [claimsOf({ tenant: undefined }), claimsOf({ tenant: "a b" }), claimsOf({ scope: "other" })];
      for (const these of [...claims, claimsOf({ scope: `${scope}s` }), {}]) {
        expect(await send(method, target(path), { claims: these })).toMatchObject({
          status: 403,
          body: { code: "forbidden" },
        });
      }
    }
  });

  it("takes scopes from `scp` as the gateway writes lists", async () => {
    const { send } = await anApi();
    const claims = claimsOf({ scope: undefined, scp: "[pools:read sandboxes:read]" });
    expect((await send("GET", "/v1/pools", { claims })).status).toBe(200);
  });

  it("answers health and the contract to anybody", async () => {
    const { send } = await anApi();
    expect(await send("GET", "/v1/health", { claims: {} })).toMatchObject({ status: 200, body: { status: "ok" } });
    const contract = await send("GET", "/v1/openapi.json", { claims: {} });
    expect(contract).toMatchObject({ status: 200, body: { openapi: "3.1.0" } });
  });

  it("is not healthy when the table does not answer", async () => {
    const { ports } = await inMemory();
    const listConfigs = async () => {
      throw new Error("down");
    };
    const handler = createHandler({ ...ports, pools: { ...ports.pools, listConfigs } }, quiet);
    expect(await ask(handler, "GET", "/v1/health")).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
  });
});

describe("a body", () => {
  const post = async (raw: string) => {
    const { send } = await anApi();
    return send("POST", "/v1/sandboxes", { raw, headers: { "Idempotency-Key": "k" } });
  };

  it("that is not JSON is refused with where it goes wrong", async () => {
    const { status, body } = await post('{"poolId": "small",}');
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_request", errors: [{ field: "body" }] });
    expect(body.detail).toMatch(/position 19/);
    expect((await post("")).status).toBe(400);
    expect((await post("null")).body.errors[0].field).toBe("body");
  });
  it("of more than 64 KiB is refused with 413, counted in bytes", async () => {
    const ofBytes = (bytes: number) => `{"poolId":"small","unknown":"${"é".repeat((bytes - 31) / 2)}"}`;
    expect(await post(ofBytes(65_537))).toMatchObject({ status: 413, body: { code: "body_too_large", limit: 65_536 } });
    expect((await post(ofBytes(65_535))).status).toBe(400);
  });
  it("that the gateway encoded is decoded", async () => {
    const { handler } = await anApi();
    const event = gatewayEvent("POST", "/v1/sandboxes", {
      raw: Buffer.from('{"poolId":"small"}').toString("base64"),
      headers: { "Idempotency-Key": "k" },
    });
    expect((await handler({ ...event, isBase64Encoded: true }, lambdaContext)).statusCode).toBe(202);
  });
  it("is refused where none is taken, by the name of its first field", async () => {
    const { send } = await anApi();
    const answer = await send("POST", `/v1/sandboxes/sbx_${"a".repeat(32)}/heartbeat`, { body: { at: 1 } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: "at" }] } });
  });
});
