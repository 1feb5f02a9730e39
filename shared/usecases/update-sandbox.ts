import type { SandboxId, TenantId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { changed, isLive, type Sandbox } from "../domain/sandbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";
import { changeSandbox } from "./change-sandbox.ts";

export interface SandboxUpdate {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** `null` switches the idle clock off. */
  readonly idleTimeoutSeconds?: number | null | undefined;
}

/** Changes what a caller may change of a live sandbox; fields left out stay. With `ifVersion`, only that version. */
export function updateSandbox(
  ports: { readonly sandboxes: SandboxStore; readonly clock: Clock },
  tenant: TenantId,
  id: SandboxId,
  update: SandboxUpdate,
  ifVersion?: number,
): Promise<Result<Sandbox, Refusal>> {
  return changeSandbox(ports, tenant, id, async (sandbox) => {
    if (!isLive(sandbox)) {
      if (sandbox.state !== "terminating") return refuse({ code: "sandbox_terminated", reason: sandbox.reason });
      return refuse({ code: "invalid_state", state: sandbox.state, detail: "The sandbox is being torn down." });
    }
    if (ifVersion !== undefined && ifVersion !== sandbox.version) return refuse({ code: "etag_mismatch" });
    const { idleTimeoutSeconds: present, ...others } = sandbox.terms;
    const idle = update.idleTimeoutSeconds === undefined ? present : (update.idleTimeoutSeconds ?? undefined);
    const updated = {
      ...sandbox,
      ...changed(sandbox, ports.clock()),
      labels: update.labels ?? sandbox.labels,
      metadata: update.metadata ?? sandbox.metadata,
      terms: { ...others, ...(idle !== undefined && { idleTimeoutSeconds: idle }) },
    };
    return (await ports.sandboxes.save(updated)) ? ok(updated) : undefined;
  });
}
