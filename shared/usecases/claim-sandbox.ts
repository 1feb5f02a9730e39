import type { ClusterId, OwnerId, PoolId, SandboxId, TenantId } from "../domain/ids.ts";
import type { PoolConfig } from "../domain/pool.ts";
import type { QueuePlace } from "../domain/queue.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { type Claim, handedOut, isLive, matched, queued, type Sandbox } from "../domain/sandbox.ts";
import type { SandboxHalf } from "../domain/slot.ts";
import { after } from "../domain/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { RefillQueue } from "../ports/queues.ts";
import type { RecentRefusals } from "../ports/recent-refusals.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { poolExhausted, queuePlace } from "./queue-place.ts";

export interface ClaimPorts {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
  readonly refill: RefillQueue;
  readonly clock: Clock;
  readonly recentRefusals?: RecentRefusals;
}

export interface ClaimRequest {
  /** Derived from tenant and idempotency key: a retry names the same sandbox. */
  readonly sandboxId: SandboxId;
  readonly requestDigest: string;
  readonly tenant: TenantId;
  readonly ownerId: OwnerId;
  readonly poolId: PoolId;
  readonly reuse: "owner" | "never";
  readonly onEmpty: "queue" | "fail";
  readonly ttlSeconds?: number | undefined;
  readonly idleTimeoutSeconds?: number | undefined;
  readonly maxQueueSeconds?: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** `repeated`: this very claim had been made before. `reused`: the owner's existing sandbox. */
export type ClaimOutcome =
  | { readonly kind: "ready" | "reused"; readonly sandbox: Sandbox }
  | { readonly kind: "queued" | "repeated"; readonly sandbox: Sandbox; readonly queue?: QueuePlace };

/** Tickets after which a claim waits where it is: each one before met a slot whose cluster had left. */
const maxTickets = 5;

/**
 * Claims a sandbox: draws a ticket, goes to its slot, and either makes the match with the cluster that is there or waits
 * there. Three store calls when a warm cluster is there, none of them in a transaction with an item that other claims
 * write. A repeated call with the same `sandboxId` finds the first one's sandbox.
 */
export async function claimSandbox(ports: ClaimPorts, request: ClaimRequest): Promise<Result<ClaimOutcome, Refusal>> {
  const { pools, sandboxes, refill, clock, recentRefusals } = ports;
  const config = await pools.getConfig(request.poolId);
  if (!config) return refuse({ code: "pool_not_found", poolId: request.poolId });
  const terms = agree(request, config, clock());
  if (!terms.ok) return terms;
  const claim = terms.value;

  if (request.reuse === "owner") {
    const existing = await findReusable(sandboxes, claim);
    if (existing) return ok({ kind: "reused", sandbox: existing });
  }

  if (recentRefusals?.has(claim.tenant, claim.ownerId) && (await isStillRefused(sandboxes, claim, config))) {
    recentRefusals.add(claim.tenant, claim.ownerId);
    return refuse({ code: "owner_quota_exceeded", limit: config.quotas.owner });
  }

  const first = await pools.drawTicket(claim.poolId, claim.tenant, config.quotas.tenant, request.onEmpty === "fail");
  if (first.kind !== "drawn") {
    const earlier = await sandboxes.get(claim.id);
    if (earlier) return repeat(ports, claim, earlier);
    switch (first.kind) {
      case "closed":
        return refuse({ code: "pool_draining", poolId: claim.poolId });
      case "tenantQuota":
        return refuse({ code: "tenant_quota_exceeded", limit: config.quotas.tenant });
      case "empty":
        return refuse(await poolExhausted(pools, claim.poolId, config.policy.maxTotal, clock()));
    }
  }
  const nudged = refill.nudge(claim.poolId, clock());
  const [outcome] = await Promise.all([meet(ports, claim, config, first.ticket, request.onEmpty), nudged]);
  const isOverQuota = !outcome.ok && outcome.refusal.code === "owner_quota_exceeded";
  if (isOverQuota) recentRefusals?.add(claim.tenant, claim.ownerId);
  return outcome;
}

/** From the first ticket to a sandbox that is ready, waits, or had been there before. */
async function meet(
  ports: ClaimPorts,
  claim: Claim,
  config: PoolConfig,
  countedTicket: number,
  onEmpty: ClaimRequest["onEmpty"],
): Promise<Result<ClaimOutcome, Refusal>> {
  const { pools, clock } = ports;
  const { id, poolId } = claim;
  let ticket: number | undefined = countedTicket;
  for (let drawn = 1; ticket !== undefined; drawn++) {
    const taken = await pools.takeSlotForSandbox(poolId, ticket, halfOf(claim, countedTicket, clock()));
    if (taken.kind === "taken") {
      const { cluster, clusterGone } = taken.slot;
      const waits = !cluster && (!clusterGone || drawn >= maxTickets) && onEmpty === "queue";
      const settled = cluster
        ? await takeWarm(ports, claim, config, ticket, countedTicket, cluster.clusterId, onEmpty)
        : waits && (await wait(ports, claim, config, ticket, countedTicket));
      if (settled && settled !== "drawAgain") return settled;
      if (!settled) await pools.leaveSlot(poolId, ticket, id);
    }
    ticket = await pools.redrawTicket(poolId, onEmpty === "fail");
  }
  return refuse(await poolExhausted(pools, poolId, config.policy.maxTotal, clock()));
}

async function takeWarm(
  ports: ClaimPorts,
  claim: Claim,
  config: PoolConfig,
  ticket: number,
  countedTicket: number,
  clusterId: ClusterId,
  onEmpty: ClaimRequest["onEmpty"],
): Promise<Result<ClaimOutcome, Refusal> | "drawAgain"> {
  const { pools, clock } = ports;
  const answer = await pools.match({
    slot: ticket,
    clusterId,
    sandbox: handedOut(claim, clusterId, clock()),
    countedTicket,
    ownerQuota: config.quotas.owner,
    now: clock(),
  });
  switch (answer.kind) {
    case "matched":
      return ok({ kind: "ready", sandbox: answer.sandbox });
    case "ownerQuota":
      await pools.leaveSlot(claim.poolId, ticket, claim.id);
      return refuse({ code: "owner_quota_exceeded", limit: config.quotas.owner });
    case "sandboxMoved":
      await pools.leaveSlot(claim.poolId, ticket, claim.id);
      return answer.sandbox ? repeat(ports, claim, answer.sandbox) : "drawAgain";
    case "clusterMoved":
      await pools.dropCluster(claim.poolId, ticket, clusterId);
      if (onEmpty === "queue") return wait(ports, claim, config, ticket, countedTicket);
      await pools.leaveSlot(claim.poolId, ticket, claim.id);
      return "drawAgain";
    case "slotMoved":
      return "drawAgain";
  }
}

/** Records the claim as waiting; then looks whether a cluster came in between, which saw no record to match with. */
async function wait(
  ports: ClaimPorts,
  claim: Claim,
  config: PoolConfig,
  ticket: number,
  countedTicket: number,
): Promise<Result<ClaimOutcome, Refusal> | "drawAgain"> {
  const { pools, clock } = ports;
  const sandbox = queued(claim, ticket, countedTicket, clock());
  const answer = await pools.enqueue(sandbox, config.quotas.owner);
  switch (answer.kind) {
    case "slotMoved":
      return "drawAgain";
    case "ownerQuota":
      await pools.leaveSlot(claim.poolId, ticket, claim.id);
      return refuse({ code: "owner_quota_exceeded", limit: config.quotas.owner });
    case "exists":
      if (answer.sandbox.state !== "pending" || answer.sandbox.ticket !== ticket) {
        await pools.leaveSlot(claim.poolId, ticket, claim.id);
      }
      return repeat(ports, claim, answer.sandbox);
    case "enqueued": {
      const slot = await pools.getSlot(claim.poolId, ticket);
      const clusterId = slot?.cluster?.clusterId;
      if (clusterId) {
        const ready = matched(sandbox, clusterId, clock());
        const { owner: ownerQuota } = config.quotas;
        const met = await pools.match({
          slot: ticket,
          clusterId,
          sandbox: ready,
          countedTicket,
          ownerQuota,
          now: clock(),
        });
        const now = met.kind === "matched" || met.kind === "sandboxMoved" ? met.sandbox : undefined;
        if (now?.state === "ready") return ok({ kind: "ready", sandbox: now });
      }
      return ok({ kind: "queued", sandbox, queue: await queuePlace(pools, claim.poolId, ticket, clock()) });
    }
  }
}

async function repeat(
  { pools, clock }: ClaimPorts,
  claim: Claim,
  earlier: Sandbox,
): Promise<Result<ClaimOutcome, Refusal>> {
  if (earlier.requestDigest !== claim.requestDigest) return refuse({ code: "idempotency_key_reused" });
  if (earlier.state !== "pending") return ok({ kind: "repeated", sandbox: earlier });
  const queue = await queuePlace(pools, claim.poolId, earlier.ticket, clock());
  return ok({ kind: "repeated", sandbox: earlier, queue });
}

/** The owner has no room, and this is no repetition of a claim that was served. */
async function isStillRefused(sandboxes: SandboxStore, claim: Claim, { quotas }: PoolConfig): Promise<boolean> {
  const [live, earlier] = await Promise.all([
    sandboxes.listLiveOfOwner(claim.tenant, claim.ownerId),
    sandboxes.get(claim.id),
  ]);
  return live.length >= quotas.owner && !earlier;
}

async function findReusable(sandboxes: SandboxStore, claim: Claim): Promise<Sandbox | undefined> {
  for (const id of await sandboxes.listLiveOfOwner(claim.tenant, claim.ownerId)) {
    if (id === claim.id) continue;
    const sandbox = await sandboxes.get(id);
    if (sandbox && isLive(sandbox) && sandbox.poolId === claim.poolId) return sandbox;
  }
  return undefined;
}

function halfOf(claim: Claim, countedTicket: number, now: number): SandboxHalf {
  const { id: sandboxId, tenant, ownerId } = claim;
  return { sandboxId, tenant, ownerId, countedTicket, since: now, confirmed: false };
}

/** The claim with the pool's defaults filled in, or the first time that the pool does not grant. */
function agree(request: ClaimRequest, { lease }: PoolConfig, now: number): Result<Claim, Refusal> {
  const { sandboxId: id, tenant, ownerId, poolId, labels, metadata, parameters, requestDigest } = request;
  const ttlSeconds = request.ttlSeconds ?? lease.defaultTtlSeconds;
  const queueSeconds = request.maxQueueSeconds ?? lease.maxQueueSeconds;
  const over = (field: string, limit: number) =>
    refuse({ code: "invalid_request", field, detail: `This pool grants at most ${limit} seconds.` } as const);
  if (ttlSeconds > lease.maxTtlSeconds) return over("ttlSeconds", lease.maxTtlSeconds);
  if (queueSeconds > lease.maxQueueSeconds) return over("maxQueueSeconds", lease.maxQueueSeconds);
  const { activationDeadlineSeconds, maxLifetimeSeconds } = lease;
  const { idleTimeoutSeconds } = request;
  const terms = {
    ttlSeconds,
    activationDeadlineSeconds,
    maxLifetimeSeconds,
    ...(idleTimeoutSeconds !== undefined && { idleTimeoutSeconds }),
  };
  const queueDeadline = after(now, queueSeconds);
  return ok({ id, tenant, ownerId, poolId, terms, queueDeadline, labels, metadata, parameters, requestDigest });
}
