import { ownerBody } from "../../../shared/api/representation.ts";
import { asId, type OwnerId } from "../../../shared/domain/ids.ts";
import { ok } from "../../../shared/domain/result.ts";
import { viewOwner } from "../../../shared/usecases/view-owner.ts";
import type { Operation } from "../../http/operation.ts";
import type { ApiPorts } from "./ports.ts";

export function get(ports: ApiPorts): Operation<"getOwner"> {
  return async ({ caller, path }) => {
    const view = await viewOwner(ports, caller.tenant, asId<OwnerId>(path.ownerId));
    return ok({ status: 200, body: ownerBody(view, ports.clock()) });
  };
}
