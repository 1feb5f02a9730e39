import type { ClusterId } from "../../domain/ids.ts";
import type { Probe } from "../../ports/cluster-provider.ts";
import { type EksDeployment, find } from "./deployment.ts";

/** What EKS says of a cluster that should be in use. */
export async function inspect(deployment: EksDeployment, id: ClusterId): Promise<Probe> {
  const found = await find(deployment, id);
  if (found.kind === "absent") return { kind: "gone", note: "the cloud no longer knows it" };
  if (found.kind === "foreign") return { kind: "gone", note: "its name belongs to a cluster that is not ours" };
  const { status } = found.cluster;
  if (status === "FAILED" || status === "DELETING") return { kind: "gone", note: `the cloud calls it ${status}` };
  return { kind: "well" };
}
