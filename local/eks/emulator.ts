import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";

export interface EmulatorRequest {
  readonly method: string;
  /** With the query, exactly as it was signed. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface EmulatorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a call on to MiniStack as it came; rejects when MiniStack does not answer. */
export type SendToEmulator = (call: EmulatorRequest) => Promise<EmulatorAnswer>;

const answerWithinMs = 30_000;
/** Of one connection, not of the call. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The way to MiniStack. The Host header is part of what callers sign, so it stays as it is. */
export function emulatorClient(endpoint: string, ca: Buffer): { send: SendToEmulator; close(): void } {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, ca });
  const send: SendToEmulator = (call) =>
    new Promise((resolve, reject) => {
      const headers = Object.fromEntries(Object.entries(call.headers).filter(([name]) => !hopByHop.has(name)));
      const asked = request(
        {
          agent,
          hostname,
          port,
          method: call.method,
          path: call.path,
          headers: { ...headers, "content-length": call.body.length },
          // Otherwise the Host header would also be the name that the certificate has to carry.
          servername: "",
          timeout: answerWithinMs,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () =>
            resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }),
          );
        },
      );
      asked.on("timeout", () => asked.destroy(new Error("the AWS emulator did not answer")));
      asked.on("error", reject);
      asked.end(call.body);
    });
  return { send, close: () => agent.destroy() };
}
