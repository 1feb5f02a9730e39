import { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { createHandler } from "../../lambdas/api/api.ts";
import type { HttpEvent, HttpResponse } from "../../lambdas/http/event.ts";
import type { MetricDimensions, MetricName } from "../../lambdas/metrics.ts";
import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import { scopes } from "../../shared/api/routes.ts";
import { enter } from "../../shared/domain/checklist.ts";
import { defaultHealthPolicy, well } from "../../shared/domain/health.ts";
import { asId, type ClusterId, type PoolId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { placeCluster } from "../../shared/usecases/place-cluster.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";

/** Claims of a token: a caller of tenant `acme` who may do everything, unless told otherwise. */
export const claimsOf = (changes: Readonly<Record<string, string | undefined>> = {}) => ({
  tenant: "acme",
  sub: "ada",
  scope: scopes.join(" "),
  ...changes,
});

export interface Request {
  readonly body?: unknown;
  /** Sent as it is, for malformed bodies. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, string | undefined>>;
}

/** An event of the gateway, payload format 2.0. */
export function gatewayEvent(method: string, target: string, request: Request = {}): HttpEvent {
  const [rawPath = "", rawQueryString = ""] = target.split("?");
  const claims = Object.fromEntries(
    Object.entries(request.claims ?? claimsOf()).filter((it): it is [string, string] => it[1] !== undefined),
  );
  const body = request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: { "content-type": "application/json", Authorization: "Bearer secret-token", ...request.headers },
    requestContext: {
      accountId: "000000000000",
      apiId: "api",
      domainName: "api.example",
      domainPrefix: "api",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
      requestId: "request-1",
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: 0,
      authorizer: { principalId: "", integrationLatency: 0, jwt: { claims, scopes: [] } },
    },
    isBase64Encoded: false,
    ...(body !== undefined && { body }),
  };
}

export const lambdaContext = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: "test",
  functionVersion: "1",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:test",
  memoryLimitInMB: "256",
  awsRequestId: "invocation-1",
  logGroupName: "group",
  logStreamName: "stream",
  getRemainingTimeInMillis: () => 30_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
} satisfies Context;

export interface ApiAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was answered and assert on it.
  readonly body: any;
}

/** Sends one request through a handler's whole pipe. */
export async function ask(
  handler: (event: HttpEvent, context: Context) => Promise<HttpResponse>,
  method: string,
  target: string,
  request?: Request,
): Promise<ApiAnswer> {
  const { statusCode, headers = {}, body = "" } = await handler(gatewayEvent(method, target, request), lambdaContext);
  const isJson = String(headers["Content-Type"]).includes("json");
  return { status: statusCode, headers, body: isJson ? JSON.parse(body) : body };
}

export const small: PoolConfig = {
  poolId: asId<PoolId>("small"),
  description: "two nodes",
  clusterClass: { kubernetesVersion: "1.36", nodes: 2 },
  policy: { minWarm: 2, maxTotal: 8, bufferPercent: 20, maxConcurrent: 2, trimCoolDownSeconds: 60 },
  lease: {
    defaultTtlSeconds: 900,
    maxTtlSeconds: 3600,
    maxLifetimeSeconds: 7200,
    activationDeadlineSeconds: 600,
    maxQueueSeconds: 300,
  },
  quotas: { owner: 3, tenant: 5 },
  revision: "r1",
};

export const quiet = new Logger({ serviceName: "test", logLevel: "SILENT" });

/** The parts that every function's handler is built over, in memory, with a clock that the test moves. */
export async function inMemory(configs: readonly PoolConfig[] = [small]) {
  const stores = memoryStores();
  const queues = memoryQueues();
  const time = { now: Date.parse("2026-11-21T10:00:00Z") };
  const clock = () => time.now;
  const recorded: [MetricDimensions, Readonly<Partial<Record<MetricName, number>>>][] = [];
  for (const config of configs) await stores.pools.putConfig(config);
  const ports = {
    ...stores,
    refill: queues.refill,
    work: queues.work,
    clock,
    sleep: async (milliseconds: number) => {
      time.now += milliseconds;
    },
    record: (...args: (typeof recorded)[number]) => void recorded.push(args),
  };
  /** Puts a validated cluster into the pool, as the worker does. */
  const warm = async (name: string, { poolId, revision } = small) => {
    const id = asId<ClusterId>(name);
    const base = { id, poolId, revision, createdAt: time.now - 180_000, updatedAt: time.now };
    const progress = enter("validate" as const, time.now);
    await stores.pools.createCluster(
      { ...base, state: "requested", version: 1, progress },
      await stores.pools.beginPass(poolId),
    );
    await stores.pools.saveCluster({ ...base, state: "provisioning", version: 2, progress });
    const validating = { ...base, state: "validating", version: 3, progress } as const;
    await stores.pools.saveCluster(validating);
    await stores.pools.saveAddress(id, { endpoint: "https://cluster.example", certificateAuthority: "Y2E=" });
    await placeCluster(ports, validating, well(defaultHealthPolicy, time.now));
  };
  return { ports, queues, time, recorded, warm };
}

/** The api function over memory. */
export async function anApi(configs?: readonly PoolConfig[]) {
  const parts = await inMemory(configs);
  const handler = createHandler(parts.ports, quiet);
  const send = (method: string, target: string, request?: Request) => ask(handler, method, target, request);
  const claim = (key: string, body: object = {}, claims = claimsOf()) =>
    send("POST", "/v1/sandboxes", {
      headers: { "Idempotency-Key": key },
      body: { poolId: "small", ...body },
      claims,
    });
  let made = 0;
  /** One pass of the refiller over the pool. */
  const pass = () => refillPool({ ...parts.ports, newClusterId: () => asId(`cls-new-${++made}`) }, small.poolId);
  return { ...parts, handler, send, claim, pass };
}
