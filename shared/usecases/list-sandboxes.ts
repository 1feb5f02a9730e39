import type { TenantId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { InvalidCursor, type SandboxFilter, type SandboxPage, type SandboxStore } from "../ports/sandbox-store.ts";

/** A page of a tenant's sandboxes, newest first; seconds behind the newest writes. */
export async function listSandboxes(
  { sandboxes }: { readonly sandboxes: SandboxStore },
  tenant: TenantId,
  filter: SandboxFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Result<SandboxPage, Refusal>> {
  try {
    return ok(await sandboxes.list(tenant, filter, page));
  } catch (error) {
    if (!(error instanceof InvalidCursor)) throw error;
    return refuse({
      code: "invalid_request",
      field: "cursor",
      detail: "This cursor was not handed out for this list.",
    });
  }
}
