import {
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  paginateDescribeSecurityGroups,
  paginateDescribeVolumes,
} from "@aws-sdk/client-ec2";
import type { ClusterId } from "../../domain/ids.ts";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { type EksDeployment, find } from "./deployment.ts";
import { faultName } from "./faults.ts";
import { deleteFree, interfacesOf } from "./interfaces.ts";
import { type Swept, sweepLoadBalancers } from "./load-balancers.ts";
import { belongsTo, clusterName, ownerFilters } from "./naming.ts";

/** Something else must go first, or it went by itself: the next look tells. */
const stillHeld = ["DependencyViolation", "VolumeInUse", "InvalidGroup.InUse", "IncorrectState"];
const gone = ["InvalidVolume.NotFound", "InvalidGroup.NotFound"];

/**
 * Deletes what the cloud keeps after the cluster: load balancers hold interfaces, interfaces hold security groups, so the
 * order matters and one look is rarely enough. Done only when a look finds nothing at all.
 */
export async function sweep(deployment: EksDeployment, id: ClusterId): Promise<StepOutcome<Removed>> {
  const name = clusterName(deployment.deploymentId, id);
  // The controllers' tags hold the cluster's name alone: what carries a foreign cluster's name is that cluster's.
  if ((await find(deployment, id)).kind === "foreign") return { kind: "done", removed: [] };
  const looks = {
    "load balancers and target groups": await sweepLoadBalancers(deployment, name),
    "network interfaces": await sweepInterfaces(deployment, id),
    "security groups": await sweepSecurityGroups(deployment, name),
    volumes: await sweepVolumes(deployment, name),
  };
  const found = Object.entries(looks).filter(([, { left }]) => left > 0);
  if (found.length === 0) return { kind: "done", removed: [] };
  const note = found.map(([what, { left }]) => `${left} ${what}`).join(", ");
  const removed = found.flatMap(([, it]) => it.removed);
  return { kind: "again", afterSeconds: removed.length > 0 ? 2 : 15, note: `found ${note}`, removed };
}

async function sweepInterfaces(deployment: EksDeployment, id: ClusterId): Promise<Swept> {
  const interfaces = await interfacesOf(deployment, id);
  return { left: interfaces.length, removed: await deleteFree(deployment, interfaces) };
}

async function sweepSecurityGroups({ ec2 }: EksDeployment, cluster: string): Promise<Swept> {
  const groups = new Set<string>();
  for (const filter of ownerFilters(cluster)) {
    for await (const page of paginateDescribeSecurityGroups({ client: ec2 }, { Filters: [filter] })) {
      for (const { GroupId, Tags } of page.SecurityGroups ?? []) {
        if (GroupId && belongsTo(Tags, cluster)) groups.add(GroupId);
      }
    }
  }
  const removed = [...groups].map(async (GroupId) =>
    (await mayDelete(ec2.send(new DeleteSecurityGroupCommand({ GroupId })))) ? [`security-group/${GroupId}`] : [],
  );
  return { left: groups.size, removed: (await Promise.all(removed)).flat() };
}

async function sweepVolumes({ ec2 }: EksDeployment, cluster: string): Promise<Swept> {
  const volumes = new Set<string>();
  for (const filter of ownerFilters(cluster)) {
    for await (const page of paginateDescribeVolumes({ client: ec2 }, { Filters: [filter] })) {
      for (const { VolumeId, Tags, State } of page.Volumes ?? []) {
        if (VolumeId && State !== "deleted" && belongsTo(Tags, cluster)) volumes.add(VolumeId);
      }
    }
  }
  const removed = [...volumes].map(async (VolumeId) =>
    (await mayDelete(ec2.send(new DeleteVolumeCommand({ VolumeId })))) ? [`volume/${VolumeId}`] : [],
  );
  return { left: volumes.size, removed: (await Promise.all(removed)).flat() };
}

async function mayDelete(deletion: Promise<unknown>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if ([...stillHeld, ...gone].includes(faultName(error))) return false;
    throw error;
  }
}
