import type { SandboxId, TenantId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result } from "../domain/result.ts";
import { isLive, type Sandbox } from "../domain/sandbox.ts";
import { changeSandbox } from "./change-sandbox.ts";
import { type EndPorts, endSandbox } from "./end-sandbox.ts";

/** Ends a sandbox for its tenant. Repeatable: a sandbox that has ended already is answered as it is. */
export function deleteSandbox(ports: EndPorts, tenant: TenantId, id: SandboxId): Promise<Result<Sandbox, Refusal>> {
  return changeSandbox(ports, tenant, id, async (sandbox) => {
    if (!isLive(sandbox)) return ok(sandbox);
    const ended = await endSandbox(ports, sandbox, "deleted_by_owner");
    return ended && ok(ended);
  });
}
