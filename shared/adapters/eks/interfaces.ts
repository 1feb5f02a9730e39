import type { ClusterId } from "../../domain/ids.ts";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { deleteOwned } from "./delete-owned.ts";
import { type EksAccount, find } from "./deployment.ts";
import { listInterfaces } from "./list-ec2.ts";
import { only } from "./owned.ts";

/**
 * Deletes the interfaces that nodes left behind: those that nothing uses. An interface in use belongs to a node that still
 * runs, and under Auto Mode nodes go with the cluster only, so it must not hold the order up: the sweep, after the
 * cluster, looks for what those nodes in turn left behind.
 */
export async function removeInterfaces(account: EksAccount, id: ClusterId): Promise<StepOutcome<Removed>> {
  if ((await find(account, id)).kind === "foreign") return { kind: "done", removed: [] };
  const leaked = (await listInterfaces(account, only(account, id))).filter((it) => it.status !== "in-use");
  if (leaked.length === 0) return { kind: "done", removed: [] };
  const removed = await deleteOwned(account, leaked);
  return { kind: "again", afterSeconds: 2, note: `${leaked.length} network interfaces left behind`, removed };
}
