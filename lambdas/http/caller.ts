import type { Scope } from "../../shared/api/routes.ts";
import { asId, type TenantId } from "../../shared/domain/ids.ts";
import type { Refusal } from "../../shared/domain/refusal.ts";
import { ok, type Result, refuse } from "../../shared/domain/result.ts";
import type { HttpEvent } from "./event.ts";

/** Who asks, as the verified token says. */
export interface Caller {
  readonly tenant: TenantId;
  /** The token's `sub`; absent in tokens that name no subject. */
  readonly subject?: string;
}

/** Becomes part of keys and attribute names. */
const tenantPattern = /^[A-Za-z0-9._:@|-]{1,128}$/;

/**
 * Reads the caller from the claims that the gateway verified, and checks the scope once more: a route that was wired
 * without its scope must not open the API.
 */
export function readCaller(event: HttpEvent, scope: Scope): Result<Caller, Refusal> {
  const claims = event.requestContext.authorizer?.jwt.claims ?? {};
  const { tenant, sub } = claims;
  if (typeof tenant !== "string" || !tenantPattern.test(tenant)) {
    return refuse({ code: "forbidden", detail: "The token names no tenant: it needs the claim `tenant`." });
  }
  if (!scopesOf(claims).includes(scope)) {
    return refuse({ code: "forbidden", detail: `The token lacks the scope ${scope}.` });
  }
  return ok({ tenant: asId<TenantId>(tenant), ...(typeof sub === "string" && sub !== "" && { subject: sub }) });
}

/** Issuers write `scope` as a text; some write `scp`, as a list, which the gateway turns into `[a b]`. */
function scopesOf(claims: Readonly<Record<string, unknown>>): readonly string[] {
  return [claims.scope, claims.scp].flatMap((claim) => String(claim ?? "").match(/[^\s,[\]]+/g) ?? []);
}
