import type { HealthIssue } from "../cluster-record.ts";
import type { FaultRegister, FaultSubject } from "./register.ts";

/** `failCreate`: what a cluster that was accepted fails with; undefined when nothing shall go wrong. */
export function effectOnCreation(faults: FaultRegister, subject: FaultSubject): HealthIssue | undefined {
  const fault = faults.hit("failCreate", subject);
  return fault && { code: fault.code, message: fault.message };
}
