import type { SandboxId, TenantId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { type Result, refuse } from "../domain/result.ts";
import type { Sandbox } from "../domain/sandbox.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";

/** Attempts before a change that keeps losing its race is given up as a fault: each loss means that another change won. */
const maxAttempts = 8;

/** Reads a tenant's own sandbox; another tenant's is as good as missing. */
export async function readSandbox(
  sandboxes: SandboxStore,
  tenant: TenantId,
  id: SandboxId,
): Promise<Sandbox | undefined> {
  const sandbox = await sandboxes.get(id);
  return sandbox?.tenant === tenant ? sandbox : undefined;
}

/**
 * Decides on a tenant's sandbox and writes the decision, again from the start when the record changed in between.
 *
 * @param attempt answers `undefined` when its conditional write lost the race.
 */
export async function changeSandbox<T>(
  { sandboxes }: { readonly sandboxes: SandboxStore },
  tenant: TenantId,
  id: SandboxId,
  attempt: (sandbox: Sandbox) => Promise<Result<T, Refusal> | undefined>,
): Promise<Result<T, Refusal>> {
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const sandbox = await readSandbox(sandboxes, tenant, id);
    if (!sandbox) return refuse({ code: "sandbox_not_found" });
    const result = await attempt(sandbox);
    if (result) return result;
  }
  throw new Error(`The record of ${id} changed ${maxAttempts} times while it was being changed.`);
}
