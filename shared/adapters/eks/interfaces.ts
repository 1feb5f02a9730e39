import {
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  type NetworkInterface,
} from "@aws-sdk/client-ec2";
import type { ClusterId } from "../../domain/ids.ts";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { type EksDeployment, find } from "./deployment.ts";
import { faultName } from "./faults.ts";
import { belongsTo, clusterName, ownerFilters } from "./naming.ts";

/**
 * Deletes the interfaces that nodes left behind: those that nothing uses. An interface in use belongs to a node that still
 * runs, and under Auto Mode nodes go with the cluster only, so it must not hold the order up: the sweep, after the
 * cluster, looks for what those nodes in turn left behind.
 */
export async function removeInterfaces(deployment: EksDeployment, id: ClusterId): Promise<StepOutcome<Removed>> {
  if ((await find(deployment, id)).kind === "foreign") return { kind: "done", removed: [] };
  const leaked = (await interfacesOf(deployment, id)).filter((it) => it.Status !== "in-use");
  if (leaked.length === 0) return { kind: "done", removed: [] };
  const removed = await deleteFree(deployment, leaked);
  return { kind: "again", afterSeconds: 2, note: `${leaked.length} network interfaces left behind`, removed };
}

/** Every interface that the cluster's own tags claim, whatever its state. */
export async function interfacesOf({ ec2, deploymentId }: EksDeployment, id: ClusterId): Promise<NetworkInterface[]> {
  const name = clusterName(deploymentId, id);
  const found = new Map<string, NetworkInterface>();
  for (const filter of ownerFilters(name)) {
    let token: string | undefined;
    do {
      const page = await ec2.send(
        new DescribeNetworkInterfacesCommand({ Filters: [filter], ...(token && { NextToken: token }) }),
      );
      for (const it of page.NetworkInterfaces ?? []) {
        if (it.NetworkInterfaceId && belongsTo(it.TagSet, name)) found.set(it.NetworkInterfaceId, it);
      }
      token = page.NextToken;
    } while (token);
  }
  return [...found.values()];
}

/** Asks for the end of those that nothing uses; answers which. */
export async function deleteFree(
  { ec2 }: EksDeployment,
  interfaces: readonly NetworkInterface[],
): Promise<readonly string[]> {
  const asked = interfaces
    .filter((it) => it.Status === "available")
    .map(async ({ NetworkInterfaceId }) => {
      try {
        await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
        return [`network-interface/${NetworkInterfaceId}`];
      } catch (error) {
        if (stillGoing.includes(faultName(error))) return [];
        throw error;
      }
    });
  return (await Promise.all(asked)).flat();
}

/** Gone already, or taken into use between the look and the deletion: the next look tells. */
const stillGoing = ["InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterface.InUse", "InvalidParameterValue"];
