import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { parentPort, workerData } from "node:worker_threads";
import type { Context } from "aws-lambda";
import type { HttpEvent, HttpResponse } from "../../lambdas/http/event.ts";
import { scopes } from "../../shared/api/routes.ts";
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

const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: "bench",
  functionVersion: "1",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:bench",
  memoryLimitInMB: "1024",
  awsRequestId: "bench",
  logGroupName: "bench",
  logStreamName: "bench",
  // A crowded machine must show as latency, not as an invocation that Lambda would have ended.
  getRemainingTimeInMillis: () => 900_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};
const claims = { tenant: "acme", sub: "bench", scope: scopes.join(" ") };
let requests = 0;

const server = createServer(async (request, response) => {
  const body = await text(request);
  if (trigger === "queue") {
    response.end(JSON.stringify((await handler(JSON.parse(body), context)) ?? null));
    return;
  }
  const path = request.url ?? "/";
  const event: HttpEvent = {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    requestContext: {
      accountId: "000000000000",
      apiId: "bench",
      domainName: "bench",
      domainPrefix: "bench",
      http: { method: request.method ?? "", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
      requestId: `request-${requests++}`,
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: Date.now(),
      authorizer: { principalId: "", integrationLatency: 0, jwt: { claims, scopes: [] } },
    },
    isBase64Encoded: false,
    body,
  };
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
