import type { ClusterId } from "../../domain/ids.ts";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { deleteOwned } from "./delete-owned.ts";
import { type EksAccount, find } from "./deployment.ts";
import { listOwned, type OwnedKind, only } from "./owned.ts";

/**
 * Deletes what the cloud keeps after the cluster: load balancers hold interfaces, interfaces hold security groups, so the
 * order matters and one look is rarely enough. Done only when a look finds nothing at all.
 */
export async function sweep(account: EksAccount, id: ClusterId): Promise<StepOutcome<Removed>> {
  if ((await find(account, id)).kind === "foreign") return { kind: "done", removed: [] };
  const left = await listOwned(account, only(account, id));
  if (left.length === 0) return { kind: "done", removed: [] };
  const byKind = Map.groupBy(left, (it) => it.kind);
  const note = [...byKind].map(([kind, all]) => `${all.length} ${nouns[kind]}`).join(", ");
  const removed = await deleteOwned(account, left);
  return { kind: "again", afterSeconds: removed.length > 0 ? 2 : 15, note: `found ${note}`, removed };
}

const nouns: Readonly<Record<OwnedKind, string>> = {
  "load-balancer": "load balancers",
  "target-group": "target groups",
  "network-interface": "network interfaces",
  "security-group": "security groups",
  volume: "volumes",
};
