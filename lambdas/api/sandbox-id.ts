import { createHash } from "node:crypto";
import { asId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import { base32 } from "../base32.ts";

/**
 * The id of the sandbox that a tenant's idempotency key stands for: the same pair always names the same sandbox, and
 * nobody guesses it without the key. 160 bits of a SHA-256 in lower-case base32.
 */
export function sandboxIdOf(tenant: TenantId, idempotencyKey: string): SandboxId {
  const digest = createHash("sha256")
    .update(JSON.stringify([tenant, idempotencyKey]))
    .digest();
  return asId<SandboxId>(`sbx_${base32(digest.subarray(0, 20))}`);
}

/** A digest that is the same for the same JSON value, whatever the order of its fields. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
