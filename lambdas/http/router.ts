import { parse } from "../../shared/api/parse.ts";
import type { ApiRefusal } from "../../shared/api/problem.ts";
import { type OperationId, routes } from "../../shared/api/routes.ts";
import { requests } from "../../shared/api/schemas.ts";
import { ok, type Result, refuse } from "../../shared/domain/result.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { type Answer, problemResponse, toResponse } from "./answer.ts";
import { readCaller } from "./caller.ts";
import { type HttpEvent, type HttpResponse, requestIdOf } from "./event.ts";
import { readJson } from "./json-body.ts";
import type { AnyOperation, FunctionName, OperationsOf } from "./operation.ts";

/**
 * Answers each request by the operation that the route table names for it; an operation of `functionName` without an
 * implementation does not compile. Checks in this order: route, method, caller and scope, path, headers, query, body.
 */
export function createRouter<Name extends FunctionName>(
  operations: OperationsOf<Name>,
  clock: Clock,
): (event: HttpEvent) => Promise<HttpResponse> {
  return async (event) => {
    const answered = await answer(operations, event);
    return answered.ok ? toResponse(answered.value) : problemResponse(answered.refusal, requestIdOf(event), clock());
  };
}

async function answer(
  operations: Partial<Record<OperationId, unknown>>,
  event: HttpEvent,
): Promise<Result<Answer, ApiRefusal>> {
  const found = findRoute(event);
  if (!found.ok) return found;
  const { id, path } = found.value;
  // Which request an operation takes depends on its id, which the table below and `OperationsOf` keep together.
  const operation = operations[id] as AnyOperation | undefined;
  if (!operation) return refuse({ code: "route_not_found", path: event.rawPath });

  const { scope } = routes[id];
  const caller = scope === null ? ok(undefined) : readCaller(event, scope);
  if (!caller.ok) return caller;
  const schemas = requests[id]();
  const pathParameters = parse(schemas.path, path, "path");
  if (!pathParameters.ok) return unknownResource(path) ?? pathParameters;
  const headers = parse(schemas.headers, event.headers, "headers");
  if (!headers.ok) return headers;
  const query = parse(schemas.query, queryOf(event), "query");
  if (!query.ok) return query;
  const json = readJson(event);
  if (!json.ok) return json;
  const body = parse(schemas.body, json.value, "body");
  if (!body.ok) return body;
  return operation({
    caller: caller.value,
    path: pathParameters.value,
    headers: headers.value,
    query: query.value,
    body: body.value,
  });
}

const table = Object.entries(routes).map(([id, { method, path }]) => ({
  id: id as OperationId,
  method,
  segments: path.split("/"),
}));

function findRoute(event: HttpEvent): Result<{ id: OperationId; path: Record<string, string> }, ApiRefusal> {
  const { method } = event.requestContext.http;
  const given = event.rawPath.split("/").map(decode);
  const samePath = table.flatMap(({ segments, ...route }) => {
    const path = matchPath(segments, given);
    return path ? [{ ...route, path }] : [];
  });
  const found = samePath.find((it) => it.method === method);
  if (found) return ok(found);
  if (samePath.length === 0) return refuse({ code: "route_not_found", path: event.rawPath });
  return refuse({ code: "method_not_allowed", method, allow: samePath.map((it) => it.method) });
}

function matchPath(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== given.length) return undefined;
  const path: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = given[index] ?? "";
    const isParameter = segment.startsWith("{");
    if (isParameter ? value === "" : value !== segment) return undefined;
    if (isParameter) path[segment.slice(1, -1)] = value;
  }
  return path;
}

/** No id in a path contains a percent sign, so that it does no harm when the gateway has decoded it already. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** An id that cannot exist is an unknown one. */
function unknownResource(path: Readonly<Record<string, string>>): Result<never, ApiRefusal> | undefined {
  const { sandboxId, poolId, clusterId } = path;
  if (sandboxId !== undefined) return refuse({ code: "sandbox_not_found" });
  if (poolId !== undefined) return refuse({ code: "pool_not_found", poolId });
  if (clusterId !== undefined) return refuse({ code: "cluster_not_found" });
  return undefined;
}

const labelPrefix = "label.";

/** The query as a flat record; `label.<key>=<value>` pairs are gathered in `labels`. */
function queryOf({ rawQueryString }: HttpEvent): Record<string, unknown> {
  const pairs = [...new URLSearchParams(rawQueryString)];
  const labels = pairs.filter(([key]) => key.startsWith(labelPrefix));
  const plain = pairs.filter(([key]) => !key.startsWith(labelPrefix));
  return {
    ...Object.fromEntries(plain),
    ...(labels.length > 0 && {
      labels: Object.fromEntries(labels.map(([key, value]) => [key.slice(labelPrefix.length), value])),
    }),
  };
}
