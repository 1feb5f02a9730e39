import type { ClusterId, OwnerId, PoolId, SandboxId, TenantId } from "./ids.ts";
import type { SandboxReason, SandboxState } from "./lifecycle.ts";
import type { Instant } from "./time.ts";

/** What the claim agreed on; a later change of the pool's policy does not touch it. */
export interface LeaseTerms {
  readonly ttlSeconds: number;
  readonly idleTimeoutSeconds?: number;
  readonly activationDeadlineSeconds: number;
  readonly maxLifetimeSeconds: number;
}

/** One line of a sandbox's log. `seq` is the sandbox's version after the change, so it only grows. */
export interface SandboxEvent {
  readonly seq: number;
  readonly at: Instant;
  readonly type: SandboxEventType;
  readonly reason?: string;
  readonly detail?: string;
}

export type SandboxEventType =
  | "queued"
  | "ready"
  | "activated"
  | "credentials_issued"
  | "extended"
  | "terminating"
  | "terminated"
  | "failed";

/** The newest events kept in the record; older ones leave as new ones come, the first (`queued` or `ready`) stays. */
export const maxEvents = 100;

interface Base {
  readonly id: SandboxId;
  readonly tenant: TenantId;
  readonly ownerId: OwnerId;
  readonly poolId: PoolId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Grows by one with every write; every write names the version that it decided on. */
  readonly version: number;
  readonly terms: LeaseTerms;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** Digest of the claim's body: the same key with another body is refused. */
  readonly requestDigest: string;
  readonly events: readonly SandboxEvent[];
}

interface Held {
  readonly clusterId: ClusterId;
  readonly readyAt: Instant;
}

interface Ended {
  readonly reason: SandboxReason;
  readonly endedAt: Instant;
  /** Absent when it never had a cluster. */
  readonly clusterId?: ClusterId;
}

export type Sandbox =
  | (Base & {
      readonly state: "pending";
      /** The slot that it waits in. */
      readonly ticket: number;
      /** The first ticket of the claim: the one that the tenant's use was counted with. */
      readonly countedTicket: number;
      readonly queueDeadline: Instant;
    })
  | (Base & Held & { readonly state: "ready"; readonly activateBy: Instant })
  | (Base &
      Held & {
        readonly state: "active";
        readonly activatedAt: Instant;
        readonly expiresAt: Instant;
        /** Last credentials or heartbeat. */
        readonly lastSeenAt: Instant;
      })
  | (Base & Ended & { readonly state: "terminating" })
  | (Base & Ended & { readonly state: "terminated"; readonly terminatedAt: Instant })
  | (Base & Ended & { readonly state: "failed" });

export type SandboxIn<S extends SandboxState> = Extract<Sandbox, { readonly state: S }>;

/** Counts against the owner's and the tenant's quota. */
export type LiveSandbox = SandboxIn<"pending" | "ready" | "active">;

export function isLive(sandbox: Sandbox): sandbox is LiveSandbox {
  return sandbox.state === "pending" || sandbox.state === "ready" || sandbox.state === "active";
}

/** What a caller asks for, after parsing and defaults. */
export interface Claim {
  readonly id: SandboxId;
  readonly tenant: TenantId;
  readonly ownerId: OwnerId;
  readonly poolId: PoolId;
  readonly terms: LeaseTerms;
  readonly queueDeadline: Instant;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly requestDigest: string;
}

/** A new sandbox that waits in slot `ticket`. */
export function queued(claim: Claim, ticket: number, countedTicket: number, now: Instant): SandboxIn<"pending"> {
  const { queueDeadline, ...base } = claim;
  return {
    ...base,
    state: "pending",
    createdAt: now,
    updatedAt: now,
    version: 1,
    ticket,
    countedTicket,
    queueDeadline,
    events: [{ seq: 1, at: now, type: "queued" }],
  };
}

/** A new sandbox straight from the warm pool. */
export function handedOut(claim: Claim, clusterId: ClusterId, now: Instant): SandboxIn<"ready"> {
  const { queueDeadline: _, ...base } = claim;
  return {
    ...base,
    state: "ready",
    createdAt: now,
    updatedAt: now,
    version: 1,
    clusterId,
    readyAt: now,
    activateBy: now + claim.terms.activationDeadlineSeconds * 1000,
    events: [{ seq: 1, at: now, type: "ready", detail: "from the warm pool" }],
  };
}

/** A waiting sandbox that got its cluster. */
export function matched(sandbox: SandboxIn<"pending">, clusterId: ClusterId, now: Instant): SandboxIn<"ready"> {
  const { ticket: _t, countedTicket: _c, queueDeadline: _q, ...base } = sandbox;
  return {
    ...base,
    ...changed(sandbox, now, { type: "ready", detail: "from the queue" }),
    state: "ready",
    clusterId,
    readyAt: now,
    activateBy: now + sandbox.terms.activationDeadlineSeconds * 1000,
  };
}

/** The fields that every change of a sandbox touches: version, time and log. */
export function changed(
  sandbox: Sandbox,
  now: Instant,
  event?: Omit<SandboxEvent, "seq" | "at">,
): Pick<Base, "version" | "updatedAt" | "events"> {
  const version = sandbox.version + 1;
  if (event === undefined) return { version, updatedAt: now, events: sandbox.events };
  const [first, ...rest] = [...sandbox.events, { ...event, seq: version, at: now }];
  const events = first === undefined ? [] : [first, ...rest.slice(-(maxEvents - 1))];
  return { version, updatedAt: now, events };
}
