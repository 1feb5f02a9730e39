import { type ClusterSubject, type FaultRegister, matches } from "./register.ts";

/** `versionWithdrawn`: whether a CreateCluster of this version has to be refused. */
export function effectOnVersion(faults: FaultRegister, subject: ClusterSubject, version: string): boolean {
  return faults.hit("versionWithdrawn", subject, (fault) => fault.version === version) !== undefined;
}

/** `versionWithdrawn`: the versions that nobody is told of. A fault of one pool or cluster alone hides none. */
export function effectOnVersionList(faults: FaultRegister): readonly string[] {
  return faults
    .living("versionWithdrawn")
    .filter(({ fault }) => matches(fault, {}))
    .map(({ fault }) => fault.version);
}
