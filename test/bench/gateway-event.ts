import type { Context } from "aws-lambda";
import type { HttpEvent } from "../../lambdas/http/event.ts";
import { scopes } from "../../shared/api/routes.ts";

/** What Lambda hands to a function beside its event. */
export const context: Context = {
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

/** The event that the gateway makes of a request by somebody who may do everything. */
export function gatewayEvent({
  method,
  path,
  headers,
  body,
}: {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}): HttpEvent {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: { ...headers },
    requestContext: {
      accountId: "000000000000",
      apiId: "bench",
      domainName: "bench",
      domainPrefix: "bench",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
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
}
