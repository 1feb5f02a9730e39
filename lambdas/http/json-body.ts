import type { ApiRefusal } from "../../shared/api/problem.ts";
import { ok, type Result, refuse } from "../../shared/domain/result.ts";
import type { HttpEvent } from "./event.ts";

/** Far above any body of this API, far below what the gateway lets through. */
const maxBodyBytes = 65_536;

/** The body as JSON; no body is the empty object. The refusal says where the JSON goes wrong. */
export function readJson({
  body,
  isBase64Encoded,
}: Pick<HttpEvent, "body" | "isBase64Encoded">): Result<unknown, ApiRefusal> {
  const bytes = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > maxBodyBytes) return refuse({ code: "body_too_large", limitBytes: maxBodyBytes });
  if (bytes.length === 0) return ok({});
  try {
    return ok(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    const detail = `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return refuse({ code: "invalid_request", detail, errors: [{ field: "body", detail }] });
  }
}
