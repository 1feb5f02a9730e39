import type { HealthIssue, PartKind } from "../cluster-record.ts";
import type { ClusterSubject, FaultRegister } from "./register.ts";

/** How a part ends up that was accepted and does not become ACTIVE. */
export interface PartFailure {
  readonly status: "CREATE_FAILED" | "DEGRADED";
  readonly issue: HealthIssue;
}

/** `nodegroupCreateFailed` and `addonFailed`: how a part that is accepted now will fail; undefined when it will not. */
export function effectOnPartCreation(
  faults: FaultRegister,
  subject: ClusterSubject,
  kind: PartKind,
): PartFailure | undefined {
  if (kind === "nodegroup") {
    const fault = faults.hit("nodegroupCreateFailed", subject);
    return fault && { status: "CREATE_FAILED", issue: { code: fault.code, message: fault.message } };
  }
  const fault = faults.hit("addonFailed", subject);
  return fault && { status: fault.status, issue: { code: fault.code, message: fault.message } };
}

/** `nodegroupDeleteFailed`: what the deletion of a part that begins now will fail with; undefined when it will not. */
export function effectOnPartDeletion(
  faults: FaultRegister,
  subject: ClusterSubject,
  kind: PartKind,
): HealthIssue | undefined {
  const fault = kind === "nodegroup" ? faults.hit("nodegroupDeleteFailed", subject) : undefined;
  return fault && { code: fault.code, message: fault.message };
}
