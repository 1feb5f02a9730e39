import type { ApiRefusal } from "../../../shared/api/problem.ts";
import { etagOf, sandboxBody } from "../../../shared/api/representation.ts";
import { ownerId as ownerIdSchema } from "../../../shared/api/schemas.ts";
import { asId, type OwnerId, type PoolId } from "../../../shared/domain/ids.ts";
import type { QueuePlace } from "../../../shared/domain/queue.ts";
import type { Refusal } from "../../../shared/domain/refusal.ts";
import { ok, type Result, refuse } from "../../../shared/domain/result.ts";
import { isLive, type Sandbox } from "../../../shared/domain/sandbox.ts";
import { type Instant, secondsUntil } from "../../../shared/domain/time.ts";
import { type ClaimOutcome, type ClaimRequest, claimSandbox } from "../../../shared/usecases/claim-sandbox.ts";
import { viewSandbox } from "../../../shared/usecases/view-sandbox.ts";
import type { Answer } from "../../http/answer.ts";
import type { Caller } from "../../http/caller.ts";
import type { Operation, OperationRequest } from "../../http/operation.ts";
import { digestOf, sandboxIdOf } from "../sandbox-id.ts";
import type { ApiPorts } from "./ports.ts";

/**
 * 201 for a sandbox that is ready, 202 for one that waits, 200 for one that the owner had before. A repeated claim gets
 * the status of its sandbox's present state; one whose sandbox has ended gets 410, since it holds nothing usable.
 */
export function claim(ports: ApiPorts): Operation<"claimSandbox"> {
  return async (request) => {
    const startedAt = ports.clock();
    const asked = claimRequestOf(request);
    if (!asked.ok) return asked;
    const claimed = await claimSandbox(ports, asked.value);
    measure(ports, asked.value.poolId, claimed, startedAt);
    if (!claimed.ok) return claimed;
    const { sandbox, kind } = claimed.value;
    if (!isLive(sandbox)) return refuse({ code: "sandbox_terminated", reason: sandbox.reason });
    const queue = await placeOf(ports, claimed.value);
    return ok(answerOf(sandbox, kind, queue, ports.clock()));
  };
}

function claimRequestOf({ caller, headers, body }: OperationRequest<"claimSandbox">): Result<ClaimRequest, ApiRefusal> {
  const ownerId = body.ownerId ?? defaultOwner(caller);
  if (ownerId === undefined) {
    const detail = "The token's subject cannot name an owner: say whose sandbox it is.";
    return refuse({ code: "invalid_request", field: "ownerId", detail });
  }
  const { poolId, ...others } = body;
  return ok({
    ...others,
    sandboxId: sandboxIdOf(caller.tenant, headers["idempotency-key"]),
    requestDigest: digestOf({ ...body, ownerId }),
    tenant: caller.tenant,
    ownerId: asId<OwnerId>(ownerId),
    poolId: asId<PoolId>(poolId),
  });
}

function defaultOwner({ subject }: Caller): string | undefined {
  const parsed = ownerIdSchema.safeParse(subject);
  return parsed.success ? parsed.data : undefined;
}

/** Counts what the pool's users felt. Repeated claims were counted the first time, reused ones asked nothing of the pool. */
function measure(
  { record, clock }: ApiPorts,
  pool: PoolId,
  claimed: Result<ClaimOutcome, Refusal>,
  startedAt: Instant,
): void {
  if (claimed.ok && claimed.value.kind === "ready") {
    record({ pool }, { ClaimsReady: 1, ClaimLatency: clock() - startedAt });
  }
  const waited = claimed.ok && claimed.value.kind === "queued";
  const refused = !claimed.ok && claimed.refusal.code === "pool_exhausted";
  if (waited || refused) record({ pool }, { ClaimsWaitedOrRefused: 1 });
}

async function placeOf(ports: ApiPorts, outcome: ClaimOutcome): Promise<QueuePlace | undefined> {
  if ("queue" in outcome || outcome.sandbox.state !== "pending") return "queue" in outcome ? outcome.queue : undefined;
  const { tenant, id } = outcome.sandbox;
  const viewed = await viewSandbox(ports, tenant, id);
  return viewed.ok ? viewed.value.queue : undefined;
}

function answerOf(sandbox: Sandbox, kind: ClaimOutcome["kind"], queue: QueuePlace | undefined, now: Instant): Answer {
  const waits = sandbox.state === "pending";
  const reused = kind === "reused";
  return {
    status: waits ? 202 : reused ? 200 : 201,
    body: { ...sandboxBody(sandbox, now, queue), reused },
    headers: {
      Location: `/v1/sandboxes/${sandbox.id}`,
      ETag: etagOf(sandbox),
      ...(waits && { "Retry-After": String(retryAfterSeconds(queue, now)) }),
      ...(kind === "repeated" && { "Idempotent-Replayed": "true" }),
    },
  };
}

/** Until the estimate, but at least every half minute: a place in line can also move up at once. */
function retryAfterSeconds(queue: QueuePlace | undefined, now: Instant): number {
  const estimate = queue?.estimatedReadyAt;
  return estimate === undefined ? 10 : Math.min(30, Math.max(1, secondsUntil(now, estimate)));
}
