import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { listenOnLoopback } from "./listener.ts";

/** Who a token speaks for. */
export interface TokenRequest {
  /** A token without it names no tenant. */
  readonly tenant?: string;
  /** `laptop` without it. */
  readonly subject?: string;
  /** Every scope of the API without it. */
  readonly scopes?: readonly string[];
  /** A day without it; negative for a token that has expired already. */
  readonly expiresInSeconds?: number;
}

/** The laptop's stand-in for an identity provider. Its keys last as long as it runs. */
export interface TokenIssuer {
  /** What tokens carry as `iss`. */
  readonly issuer: string;
  /** Where `POST` answers `{"token": …}`, or the bare token to `Accept: text/plain`. */
  readonly tokenUrl: string;
  mint(request: TokenRequest): Promise<string>;
  stop(): Promise<void>;
}

const allScopes = ["sandboxes:read", "sandboxes:write", "pools:read", "pools:admin"];
const aDay = 24 * 60 * 60;
const longestBody = 16 * 1024;

/**
 * Serves the discovery document and keys that an API's JWT authorizer fetches, and `POST /token`, which gives a token
 * to whoever asks: on loopback only, for trying out and for tests.
 */
export async function startTokenIssuer(options: {
  readonly port: number;
  readonly audience: string;
}): Promise<TokenIssuer> {
  // MiniStack's authorizer verifies RS256 only.
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const kid = "laptop";
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" }] };
  let issuer = "";

  const mint = (request: TokenRequest): Promise<string> => {
    const now = Math.floor(Date.now() / 1_000);
    const tenant = request.tenant === undefined || request.tenant === "" ? {} : { tenant: request.tenant };
    return new SignJWT({ ...tenant, scope: (request.scopes ?? allScopes).join(" ") })
      .setProtectedHeader({ alg: "RS256", kid })
      .setIssuer(issuer)
      .setAudience(options.audience)
      .setSubject(request.subject ?? "laptop")
      .setIssuedAt(now)
      .setExpirationTime(now + (request.expiresInSeconds ?? aDay))
      .sign(privateKey);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => send(response, 500, { error: String(error) }));
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A page of another site whose name resolves to loopback must not get a token.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) {
      return send(response, 403, { error: "ask by the address 127.0.0.1" });
    }
    const route = `${request.method} ${request.url}`;
    if (route === "GET /.well-known/openid-configuration") {
      return send(response, 200, { issuer, jwks_uri: `${issuer}/jwks.json`, token_endpoint: `${issuer}/token` });
    }
    if (route === "GET /jwks.json" || route === "GET /.well-known/jwks.json") return send(response, 200, keys);
    if (route !== "POST /token") return send(response, 404, { error: "unknown path" });
    const wanted = parseTokenRequest(await bodyOf(request));
    if (typeof wanted === "string") return send(response, 400, { error: wanted });
    const token = await mint(wanted);
    if (request.headers.accept !== "text/plain") return send(response, 200, { token });
    response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" }).end(`${token}\n`);
  };

  const listener = await listenOnLoopback(server, options.port);
  issuer = `http://127.0.0.1:${listener.port}`;
  return { issuer, tokenUrl: `${issuer}/token`, mint, stop: listener.stop };
}

/** The request in a body of `POST /token`, or a sentence on what is wrong with it. */
export function parseTokenRequest(body: string): TokenRequest | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return 'send JSON, such as {"tenant":"acme"}';
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "send a JSON object";
  const { tenant, subject, scopes, expiresInSeconds, ...unknown } = parsed as Record<string, unknown>;
  const surplus = Object.keys(unknown);
  if (surplus.length > 0) return `unknown field ${surplus.join(", ")}`;
  if (tenant !== undefined && typeof tenant !== "string") return "tenant must be a name";
  if (subject !== undefined && typeof subject !== "string") return "subject must be a name";
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string"))) {
    return "scopes must be a list of names";
  }
  if (expiresInSeconds !== undefined && !Number.isInteger(expiresInSeconds)) {
    return "expiresInSeconds must be a whole number";
  }
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(subject === undefined ? {} : { subject }),
    ...(scopes === undefined ? {} : { scopes: scopes as readonly string[] }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds: Number(expiresInSeconds) }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > longestBody) throw new Error("the body is too long");
  }
  return body;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
