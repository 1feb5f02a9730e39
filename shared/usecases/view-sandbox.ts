import type { SandboxId, TenantId } from "../domain/ids.ts";
import type { QueuePlace } from "../domain/queue.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Sandbox, SandboxEvent } from "../domain/sandbox.ts";
import type { Instant } from "../domain/time.ts";
import type { Clock, Sleep } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { readSandbox } from "./change-sandbox.ts";
import { queuePlace } from "./queue-place.ts";

export interface ViewPorts {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
  readonly clock: Clock;
}

export interface SandboxView {
  readonly sandbox: Sandbox;
  /** While it waits. */
  readonly queue?: QueuePlace;
}

/** A tenant's sandbox and, while it waits, its place in line. */
export async function viewSandbox(
  ports: ViewPorts,
  tenant: TenantId,
  id: SandboxId,
): Promise<Result<SandboxView, Refusal>> {
  const sandbox = await readSandbox(ports.sandboxes, tenant, id);
  return sandbox ? ok(await withPlace(ports, sandbox)) : refuse({ code: "sandbox_not_found" });
}

/** Longest pause between two looks of a long poll; one look is one read of one item. */
const pollMilliseconds = 500;

/** Waits until the sandbox is no longer pending, or until `deadline`; answers what it is then. */
export async function waitForSandbox(
  ports: ViewPorts & { readonly sleep: Sleep },
  tenant: TenantId,
  id: SandboxId,
  deadline: Instant,
): Promise<Result<SandboxView, Refusal>> {
  for (;;) {
    const sandbox = await readSandbox(ports.sandboxes, tenant, id);
    if (!sandbox) return refuse({ code: "sandbox_not_found" });
    const left = deadline - ports.clock();
    if (sandbox.state !== "pending" || left <= 0) return ok(await withPlace(ports, sandbox));
    await ports.sleep(Math.min(pollMilliseconds, left));
  }
}

async function withPlace({ pools, clock }: ViewPorts, sandbox: Sandbox): Promise<SandboxView> {
  if (sandbox.state !== "pending") return { sandbox };
  return { sandbox, queue: await queuePlace(pools, sandbox.poolId, sandbox.ticket, clock()) };
}

/** The log of a tenant's sandbox after `afterSeq`, in order. */
export async function listEvents(
  { sandboxes }: { readonly sandboxes: SandboxStore },
  tenant: TenantId,
  id: SandboxId,
  afterSeq: number,
): Promise<Result<readonly SandboxEvent[], Refusal>> {
  const sandbox = await readSandbox(sandboxes, tenant, id);
  return sandbox ? ok(sandbox.events.filter((it) => it.seq > afterSeq)) : refuse({ code: "sandbox_not_found" });
}
