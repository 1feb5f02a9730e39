import type { FaultRegister } from "./faults/register.ts";

/** How long things take, in milliseconds: least times, since a real control plane has to start behind a cluster. */
export interface Durations {
  readonly createCluster: number;
  readonly deleteCluster: number;
  readonly createPart: number;
  readonly deletePart: number;
}

/** As fast as the machine allows, but never so fast that a caller can skip waiting. */
export const defaultDurations: Durations = {
  createCluster: 0,
  deleteCluster: 500,
  createPart: 2_000,
  deletePart: 1_000,
};

/** How the laptop's EKS behaves. */
export interface Behaviour {
  readonly durations: Durations;
  readonly faults: FaultRegister;
}
