import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { parentPort, workerData } from "node:worker_threads";
import type { Context } from "aws-lambda";
import type { HttpResponse } from "../../lambdas/http/event.ts";
import { context, gatewayEvent } from "./gateway-event.ts";
import { countDynamoDbCalls } from "./wire-count.ts";

/** What the thread is started with; its environment is the function's. */
export interface FunctionThread {
  readonly module: string;
  /** What the listener makes of a request: the gateway's event, or its body as the event of a queue. */
  readonly trigger: "gateway" | "queue";
}

/** A line of a log costs its writing, as on Lambda; nobody reads it here. */
process.stdout.write = () => true;
process.stderr.write = () => true;

const takeCount = countDynamoDbCalls();
const { module, trigger } = workerData as FunctionThread;
const { handler } = (await import(module)) as { handler: (event: unknown, context: Context) => Promise<unknown> };

const server = createServer(async (request, response) => {
  const body = await text(request);
  if (trigger === "queue") {
    response.end(JSON.stringify((await handler(JSON.parse(body), context)) ?? null));
    return;
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const event = gatewayEvent({ method: request.method ?? "", path: request.url ?? "/", headers, body });
  const answer = (await handler(event, context)) as Exclude<HttpResponse, string>;
  response.writeHead(answer.statusCode ?? 500, answer.headers as Record<string, string>).end(answer.body);
});

// A connection that idles between two scenarios must not be closed while the next request is on its way.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" ? address?.port : undefined });
});
parentPort?.on("message", () => parentPort?.postMessage(takeCount()));
