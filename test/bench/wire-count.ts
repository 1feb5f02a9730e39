import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

/** DynamoDB requests of one thread since they were last taken. */
export interface WireCount {
  /** By operation; a repeated attempt counts again. */
  readonly calls: Readonly<Record<string, number>>;
  /** Answered with 400: a condition that failed, or a transaction cancelled by one. */
  readonly refused: number;
}

const prefix = "DynamoDB_20120810.";

/**
 * Counts what leaves this thread, below the SDK that is sealed in a bundle, and so with its retries.
 *
 * @returns takes the count and begins anew.
 */
export function countDynamoDbCalls(): () => WireCount {
  let calls: Record<string, number> = {};
  let refused = 0;
  const operationOf = (request: ClientRequest) => {
    const target = String(request.getHeader("x-amz-target") ?? "");
    return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
  };
  subscribe("http.client.request.start", (message) => {
    const operation = operationOf((message as { request: ClientRequest }).request);
    if (operation !== undefined) calls[operation] = (calls[operation] ?? 0) + 1;
  });
  subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (operationOf(request) !== undefined && response.statusCode === 400) refused++;
  });
  return () => {
    const taken = { calls, refused };
    calls = {};
    refused = 0;
    return taken;
  };
}
