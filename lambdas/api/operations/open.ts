import { isoTime } from "../../../shared/api/problem.ts";
import { ok, refuse } from "../../../shared/domain/result.ts";
import type { Operation } from "../../http/operation.ts";
import type { ApiPorts } from "./ports.ts";

/** Reads from the table, so that a function that starts but reaches nothing is not healthy. */
export function health({ pools, clock }: ApiPorts): Operation<"getHealth"> {
  return async () => {
    try {
      await pools.listConfigs();
    } catch {
      return refuse({ code: "store_unavailable" });
    }
    return ok({ status: 200, body: { status: "ok", serverTime: isoTime(clock()) } });
  };
}

/** The document is loaded by whoever asks for it, not by each function that starts. */
export function openApi(): Operation<"getOpenApi"> {
  return async () => {
    const { default: body } = await import("../../../docs/openapi.json", { with: { type: "json" } });
    return ok({ status: 200, body });
  };
}
