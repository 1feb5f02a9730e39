import { addFault, listFaults } from "../../local/eks/faults/client.ts";
import type { Running } from "../support/descendants.ts";
import type { Ledger } from "./ledger.ts";
import { killAtOnce, nameOf, processesOf } from "./processes.ts";
import type { Blow } from "./schedule.ts";

export interface TroubleContext {
  readonly runtime: number;
  readonly eksUrl: string;
  readonly ledger: Ledger;
}

/** Strikes; where there is nothing to strike at, nothing happens. Says what was done. */
export async function strike(blow: Blow, { runtime, eksUrl, ledger }: TroubleContext): Promise<void> {
  if (blow.kind === "fault") {
    // While local/eks starts again it takes no faults.
    const added = await addFault(eksUrl, blow.fault).catch(() => undefined);
    if (added !== undefined) ledger.note(`fault ${blow.fault.kind}`);
    return;
  }
  const processes = processesOf(runtime);
  const victims: readonly Running[] =
    blow.kind === "function"
      ? processes.functions
      : blow.kind === "controlPlane"
        ? processes.controlPlanes
        : blow.kind === "etcd"
          ? processes.etcd
          : [];
  const victim = blow.kind === "eks" ? processes.eks : victims[blow.dice % Math.max(1, victims.length)];
  const pid = typeof victim === "object" ? victim.pid : victim;
  if (pid === undefined || !killAtOnce(pid)) return;
  ledger.note(
    blow.kind === "controlPlane" && typeof victim === "object" ? `kill ${nameOf(victim)}` : `kill ${blow.kind}`,
  );
}

/** The kinds of the faults in force now; none while local/eks does not answer. */
export async function activeFaults(eksUrl: string): Promise<readonly string[]> {
  const faults = await listFaults(eksUrl).catch(() => []);
  return faults.filter(({ state }) => state !== "expired").map(({ kind }) => kind);
}
