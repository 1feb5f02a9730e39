import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

export interface Claimed {
  readonly status: number;
  readonly milliseconds: number;
}

let keys = 0;

/**
 * One `POST /v1/sandboxes` with an idempotency key of its own, through HTTP.
 *
 * @param due when it should have been sent, on `performance.now()`'s clock: a late start counts as latency.
 */
export async function claim(
  url: string,
  body: { readonly poolId: string; readonly ownerId: string },
  due: number = performance.now(),
): Promise<Claimed> {
  const { status } = await post(`${url}/v1/sandboxes`, JSON.stringify({ ...body, reuse: "never", onEmpty: "queue" }), {
    "content-type": "application/json",
    "idempotency-key": `bench-${process.pid}-${keys++}`,
  });
  return { status, milliseconds: performance.now() - due };
}

export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    request(url, { method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } })
      .once("response", resolve)
      .once("error", reject)
      .end(body);
  });
  return { status: response.statusCode ?? 0, body: await text(response) };
}

export function closeConnections(): void {
  agent.destroy();
}
