import type { SandboxId, TenantId } from "../domain/ids.ts";
import { deadlineOf, use } from "../domain/lease.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Sandbox, SandboxEvent, SandboxIn } from "../domain/sandbox.ts";
import type { Instant } from "../domain/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { changeSandbox } from "./change-sandbox.ts";

/** The sandbox if it may be used now, or why not. One past its deadline is over, though no reaper came by yet. */
export function usable(sandbox: Sandbox, now: Instant): Result<SandboxIn<"ready" | "active">, Refusal> {
  if (sandbox.state === "terminating" || sandbox.state === "terminated" || sandbox.state === "failed") {
    return refuse({ code: "sandbox_terminated", reason: sandbox.reason });
  }
  if (sandbox.state === "pending") {
    return refuse({ code: "invalid_state", state: "pending", detail: "The sandbox still waits for its cluster." });
  }
  const deadline = deadlineOf(sandbox);
  if (deadline.at <= now) return refuse({ code: "sandbox_terminated", reason: deadline.reason });
  return ok(sandbox);
}

/** Records a use: the first one activates the sandbox, every one restarts the idle clock. */
export function recordUse(
  ports: { readonly sandboxes: SandboxStore; readonly clock: Clock },
  tenant: TenantId,
  id: SandboxId,
  event?: Omit<SandboxEvent, "seq" | "at">,
): Promise<Result<SandboxIn<"active">, Refusal>> {
  return changeSandbox(ports, tenant, id, async (sandbox) => {
    const now = ports.clock();
    const may = usable(sandbox, now);
    if (!may.ok) return may;
    const used = use(may.value, now, event);
    return (await ports.sandboxes.save(used)) ? ok(used) : undefined;
  });
}

/** Says that the sandbox is in use. */
export function heartbeatSandbox(
  ports: { readonly sandboxes: SandboxStore; readonly clock: Clock },
  tenant: TenantId,
  id: SandboxId,
): Promise<Result<Sandbox, Refusal>> {
  return recordUse(ports, tenant, id);
}
