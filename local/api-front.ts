import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { pipeline } from "node:stream";
import { listenOnLoopback } from "./listener.ts";

/** Where an HTTP API of the emulator answers. */
export interface ApiTarget {
  readonly apiId: string;
  readonly port: number;
  /** PEM text to trust. */
  readonly ca: string;
}

/** One stable loopback address in front of the deployed API. */
export interface ApiFront {
  readonly url: string;
  /** From now on requests go there; before the first call they are answered 503. */
  forwardTo(target: ApiTarget): void;
  stop(): Promise<void>;
}

/** Each concurrent request is a function process of some 80 MB and more: what comes on top waits here. */
const concurrentRequests = 64;

/** Headers that concern one connection only and are never passed on (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Starts it; port 0 takes a free one. */
export async function startApiFront(port: number): Promise<ApiFront> {
  // Idle connections are dropped before MiniStack does so, at 75 s: a request that meets a closing one would fail.
  const agent = new Agent({ keepAlive: true, maxSockets: concurrentRequests, timeout: 60_000 });
  let target: ApiTarget | undefined;
  const server = createServer((request, response) => {
    if (target === undefined) return refuse(response, 503, "starting", "Sandlot is still being deployed.");
    forward(request, response, target, agent);
  });
  // A long poll takes up to the gateway's 30 s; Node's own limits must not be shorter.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 65_000;
  const listener = await listenOnLoopback(server, port);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    forwardTo: (next) => {
      target = next;
    },
    stop: async () => {
      await listener.stop();
      agent.destroy();
    },
  };
}

/** Id of the API in the address that a deployment puts out: the first label of its host. */
export function apiIdIn(url: string): string {
  const [id] = new URL(url).hostname.split(".");
  if (id === undefined || id === "") throw new Error(`no API id in ${url}`);
  return id;
}

function forward(request: IncomingMessage, response: ServerResponse, target: ApiTarget, agent: Agent): void {
  const host = `${target.apiId}.execute-api.localhost`;
  const backend = requestHttps(
    {
      host: "127.0.0.1",
      port: target.port,
      servername: host,
      ca: target.ca,
      agent,
      method: request.method,
      path: request.url,
      headers: { ...endToEnd(request.headers), host: `${host}:${target.port}` },
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      pipeline(answer, response, () => {});
    },
  );
  backend.on("error", (error) => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, "backend_unavailable", `The laptop's AWS does not answer: ${error.message}`);
  });
  response.on("close", () => backend.destroy());
  pipeline(request, backend, () => {});
}

function endToEnd(headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> {
  const named = String(headers.connection ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !hopByHop.has(name.toLowerCase()) && !named.includes(name.toLowerCase()),
    ),
  );
}

function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  const title = status === 502 ? "Bad Gateway" : "Service Unavailable";
  response.writeHead(status, { "content-type": "application/problem+json", "retry-after": "1" });
  response.end(
    JSON.stringify({ type: "about:blank", title, status, code, detail, retryable: true, retryAfterSeconds: 1 }),
  );
}
