import type { SandboxId, TenantId } from "../domain/ids.ts";
import { type Extension, extend } from "../domain/lease.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Result } from "../domain/result.ts";
import type { Sandbox } from "../domain/sandbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { changeSandbox } from "./change-sandbox.ts";

/** Moves the deadline of an active sandbox, on the condition that nobody ended or changed it meanwhile. */
export function extendSandbox(
  ports: { readonly sandboxes: SandboxStore; readonly clock: Clock },
  tenant: TenantId,
  id: SandboxId,
  extension: Extension,
): Promise<Result<Sandbox, Refusal>> {
  return changeSandbox(ports, tenant, id, async (sandbox) => {
    const extended = extend(sandbox, extension, ports.clock());
    if (!extended.ok) return extended;
    return (await ports.sandboxes.save(extended.value)) ? extended : undefined;
  });
}
