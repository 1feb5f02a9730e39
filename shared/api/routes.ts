export const scopes = ["sandboxes:read", "sandboxes:write", "pools:read", "pools:admin"] as const;
export type Scope = (typeof scopes)[number];

interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: `/v1/${string}`;
  readonly function: "api" | "access";
  /** What the caller's token must carry; `null` for what anybody may ask. */
  readonly scope: Scope | null;
  readonly summary: string;
}

/** Every call of the API: the gateway's routes, the functions' routers and the OpenAPI document are made from this table. */
export const routes = {
  claimSandbox: {
    method: "POST",
    path: "/v1/sandboxes",
    function: "api",
    scope: "sandboxes:write",
    summary: "Claim a sandbox from a pool",
  },
  listSandboxes: {
    method: "GET",
    path: "/v1/sandboxes",
    function: "api",
    scope: "sandboxes:read",
    summary: "List the tenant's sandboxes, newest first",
  },
  getSandbox: {
    method: "GET",
    path: "/v1/sandboxes/{sandboxId}",
    function: "api",
    scope: "sandboxes:read",
    summary: "Read a sandbox, or wait until it is ready",
  },
  updateSandbox: {
    method: "PATCH",
    path: "/v1/sandboxes/{sandboxId}",
    function: "api",
    scope: "sandboxes:write",
    summary: "Change labels, metadata or the idle timeout",
  },
  deleteSandbox: {
    method: "DELETE",
    path: "/v1/sandboxes/{sandboxId}",
    function: "api",
    scope: "sandboxes:write",
    summary: "End a sandbox; repeatable",
  },
  extendSandbox: {
    method: "POST",
    path: "/v1/sandboxes/{sandboxId}/extend",
    function: "api",
    scope: "sandboxes:write",
    summary: "Move the deadline of an active sandbox",
  },
  heartbeat: {
    method: "POST",
    path: "/v1/sandboxes/{sandboxId}/heartbeat",
    function: "api",
    scope: "sandboxes:write",
    summary: "Say that the sandbox is in use; the first one activates it",
  },
  issueCredentials: {
    method: "POST",
    path: "/v1/sandboxes/{sandboxId}/credentials",
    function: "access",
    scope: "sandboxes:write",
    summary: "Get a kubeconfig with a short-lived token; the first one activates the sandbox",
  },
  listEvents: {
    method: "GET",
    path: "/v1/sandboxes/{sandboxId}/events",
    function: "api",
    scope: "sandboxes:read",
    summary: "Read what happened to a sandbox, in order",
  },
  listPools: {
    method: "GET",
    path: "/v1/pools",
    function: "api",
    scope: "pools:read",
    summary: "List pools with their counts",
  },
  getPool: {
    method: "GET",
    path: "/v1/pools/{poolId}",
    function: "api",
    scope: "pools:read",
    summary: "Read a pool's counts, utilisation and whether a claim would be served now",
  },
  listClusters: {
    method: "GET",
    path: "/v1/pools/{poolId}/clusters",
    function: "api",
    scope: "pools:read",
    summary: "List a pool's clusters and how far each one is",
  },
  updatePool: {
    method: "PATCH",
    path: "/v1/pools/{poolId}",
    function: "api",
    scope: "pools:admin",
    summary: "Change a pool's policy until it is taken back",
  },
  pausePool: {
    method: "POST",
    path: "/v1/pools/{poolId}/pause",
    function: "api",
    scope: "pools:admin",
    summary: "Neither fill nor trim a pool; what is warm is still handed out",
  },
  drainPool: {
    method: "POST",
    path: "/v1/pools/{poolId}/drain",
    function: "api",
    scope: "pools:admin",
    summary: "Take no claims and empty a pool",
  },
  resumePool: {
    method: "POST",
    path: "/v1/pools/{poolId}/resume",
    function: "api",
    scope: "pools:admin",
    summary: "End a pool's pause or drain",
  },
  recyclePool: {
    method: "POST",
    path: "/v1/pools/{poolId}/recycle",
    function: "api",
    scope: "pools:admin",
    summary: "Replace every warm cluster, one at a time",
  },
  getCluster: {
    method: "GET",
    path: "/v1/clusters/{clusterId}",
    function: "api",
    scope: "pools:admin",
    summary: "Read a cluster's record, open or closed, with the report of its tear-down",
  },
  retryCluster: {
    method: "POST",
    path: "/v1/clusters/{clusterId}/retry",
    function: "api",
    scope: "pools:admin",
    summary: "Take a quarantined cluster back into its tear-down",
  },
  getOwner: {
    method: "GET",
    path: "/v1/owners/{ownerId}",
    function: "api",
    scope: "sandboxes:read",
    summary: "Read an owner's quota and live sandboxes",
  },
  getHealth: {
    method: "GET",
    path: "/v1/health",
    function: "api",
    scope: null,
    summary: "Whether the API and its table answer",
  },
  getOpenApi: {
    method: "GET",
    path: "/v1/openapi.json",
    function: "api",
    scope: null,
    summary: "This contract",
  },
} as const satisfies Record<string, Route>;

export type OperationId = keyof typeof routes;
