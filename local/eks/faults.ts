import type { HealthIssue } from "./cluster-record.ts";

/** Something that goes wrong on purpose: what happens (`effect`) to which calls (`match`). */
export interface Fault {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
}

export interface FaultMatch {
  readonly operation: "CreateCluster";
  /** Matches any cluster when left out. */
  readonly clusterName?: RegExp;
}

/** `failCreate`: the call is accepted, and the cluster turns FAILED later, with this in its health. */
export interface FaultEffect {
  readonly kind: "failCreate";
  readonly issue: HealthIssue;
}

/** The effect of the first fault that matches. */
export function effectOn(
  faults: readonly Fault[],
  operation: FaultMatch["operation"],
  clusterName: string,
): FaultEffect | undefined {
  return faults.find(({ match }) => match.operation === operation && (match.clusterName?.test(clusterName) ?? true))
    ?.effect;
}
