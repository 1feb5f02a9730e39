import { request } from "node:http";
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTokenIssuer, type TokenIssuer } from "../../local/tokens.ts";

let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await startTokenIssuer({ port: 0, audience: "sandlot" });
});
afterAll(() => issuer.stop());

async function verify(token: string) {
  const answer = await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
  const discovery = (await answer.json()) as { issuer: string; jwks_uri: string };
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  return (await jwtVerify(token, keys, { issuer: discovery.issuer, audience: "sandlot" })).payload;
}

async function ask(body: string, accept = "*/*") {
  const response = await fetch(issuer.tokenUrl, { method: "POST", body, headers: { accept } });
  return { status: response.status, text: await response.text() };
}

describe("a token", () => {
  it("verifies by the keys that discovery leads to, and names its tenant, subject and scopes", async () => {
    const payload = await verify(await issuer.mint({ tenant: "acme", subject: "grace", scopes: ["pools:read"] }));
    expect(payload).toMatchObject({ tenant: "acme", sub: "grace", scope: "pools:read" });
  });
  it("may have expired already", async () => {
    const token = await issuer.mint({ tenant: "acme", expiresInSeconds: -60 });
    await expect(verify(token)).rejects.toThrow(errors.JWTExpired);
  });
  it("without a tenant names none", async () => {
    expect(decodeJwt(await issuer.mint({ tenant: "" }))).not.toHaveProperty("tenant");
  });
});

describe("POST /token", () => {
  it("answers a token as JSON, or bare", async () => {
    expect(decodeJwt(JSON.parse((await ask('{"tenant":"acme"}')).text).token)).toMatchObject({ tenant: "acme" });
    expect(decodeJwt((await ask('{"tenant":"acme"}', "text/plain")).text)).toMatchObject({ tenant: "acme" });
  });
  it.each([
    ["tenant=acme", /send JSON/],
    ["[]", /JSON object/],
    ['{"tenat":"acme"}', /unknown field tenat/],
    ['{"tenant":1}', /tenant/],
    ['{"scopes":"pools:read"}', /scopes/],
    ['{"expiresInSeconds":"60"}', /expiresInSeconds/],
  ])("refuses %s and says why", async (body, why) => {
    const { status, text } = await ask(body);
    expect(status).toBe(400);
    expect(text).toMatch(why);
  });
  it("is not for pages whose name was made to resolve to loopback", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(issuer.tokenUrl, { method: "POST", headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject).end('{"tenant":"acme"}');
    });
    expect(status).toBe(403);
  });
});
