import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiFront, apiIdIn, startApiFront } from "../../local/api-front.ts";
import { type Listener, listenOnLoopback } from "../../local/listener.ts";
import { createCertificate } from "../../local/ministack/certificate.ts";

let front: ApiFront;
let backend: Listener | undefined;
beforeEach(async () => {
  front = await startApiFront(0);
});
afterEach(async () => {
  await front.stop();
  await backend?.stop();
  backend = undefined;
});

/** A backend that answers 418 with what it was asked, and keeps the headers. */
async function serve(): Promise<IncomingHttpHeaders[]> {
  const seen: IncomingHttpHeaders[] = [];
  const { certificate, key } = await createCertificate(new Date());
  const server = createTlsServer({ cert: certificate, key }, async (request, response) => {
    seen.push(request.headers);
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(418, { etag: '"1"', "set-cookie": ["a=1", "b=2"] });
    response.end(`${request.method} ${request.url} ${body}`);
  });
  backend = await listenOnLoopback(server, 0);
  front.forwardTo({ apiId: "abc123", port: backend.port, ca: certificate });
  return seen;
}

describe("the API's front", () => {
  it("answers 503 until there is an API", async () => {
    const response = await fetch(`${front.url}/v1/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "starting", retryable: true });
  });

  it("passes requests and answers on as they are, to the API's own host", async () => {
    const seen = await serve();
    const request = { method: "POST", body: '{"poolId":"small"}', headers: { "idempotency-key": "k" } };
    const response = await fetch(`${front.url}/v1/sandboxes?a=1&a=2`, request);
    expect(response.status).toBe(418);
    expect(response.headers.get("etag")).toBe('"1"');
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.text()).toBe('POST /v1/sandboxes?a=1&a=2 {"poolId":"small"}');
    expect(seen[0]).toMatchObject({
      host: `abc123.execute-api.localhost:${backend?.port}`,
      "idempotency-key": "k",
    });
  });

  it("answers 502 with a problem document when the API is gone", async () => {
    await serve();
    await backend?.stop();
    const response = await fetch(`${front.url}/v1/health`);
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 502, code: "backend_unavailable" });
  });

  it("does not start on a taken port", async () => {
    const other = await listenOnLoopback(createServer(), 0);
    await expect(startApiFront(other.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await other.stop();
  });
});

it.each([
  ["https://61875459.execute-api.localhost:8403", "61875459"],
  ["https://a1b2.execute-api.eu-central-1.amazonaws.com/", "a1b2"],
])("the API's id is read from %s", (url, id) => expect(apiIdIn(url)).toBe(id));
