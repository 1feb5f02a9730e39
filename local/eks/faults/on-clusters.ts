import type { HealthIssue } from "../cluster-record.ts";
import type { ClusterSubject, FaultRegister } from "./register.ts";

/** `failCreate`: what a cluster that was accepted fails with; undefined when nothing shall go wrong. */
export function effectOnCreation(faults: FaultRegister, subject: ClusterSubject): HealthIssue | undefined {
  const fault = faults.hit("failCreate", subject);
  return fault && { code: fault.code, message: fault.message };
}

/** `stuckDeleting`: whether a cluster that has been DELETING for so long has to stay so. */
export function effectOnDeletion(faults: FaultRegister, subject: ClusterSubject, deletingForMs: number): boolean {
  const fault = faults.hold("stuckDeleting", subject);
  return fault !== undefined && (fault.delaySeconds === undefined || deletingForMs < fault.delaySeconds * 1_000);
}

/** `vanish`: whether a cluster shall be gone now. */
export function effectOnExistence(faults: FaultRegister, subject: ClusterSubject): boolean {
  return faults.once("vanish", subject) !== undefined;
}

/** `ghost`: to be told of each cluster whose record goes, so that its name can haunt the list. */
export function effectOnEnd(faults: FaultRegister, subject: ClusterSubject): void {
  faults.hold("ghost", subject, ({ name }) => name === undefined);
}

/** `ghost`: the names that ListClusters has to list besides those of the clusters that there are. */
export function effectOnList(faults: FaultRegister): readonly string[] {
  return faults
    .living("ghost")
    .flatMap(({ fault, clusters }) => (fault.name === undefined ? [...clusters] : [fault.name]));
}

/** `apiServerDead` and `apiServerSlow`: how a cluster's API server shall be doing. */
export type ApiServerHealth = "alive" | "dead" | { readonly pauseSeconds: number };

export function effectOnApiServer(faults: FaultRegister, subject: ClusterSubject): ApiServerHealth {
  if (faults.hold("apiServerDead", subject) !== undefined) return "dead";
  const slow = faults.hold("apiServerSlow", subject);
  return slow === undefined ? "alive" : { pauseSeconds: slow.delaySeconds };
}

/** `accessLag`: how old an access entry has to be to count, in milliseconds. Ages are known to the second only. */
export function effectOnAccess(faults: FaultRegister, subject: ClusterSubject): number {
  const fault = faults.hold("accessLag", subject);
  return fault === undefined ? 0 : (fault.delaySeconds + 1) * 1_000;
}
