import { DeleteNetworkInterfaceCommand, DeleteSecurityGroupCommand, DeleteVolumeCommand } from "@aws-sdk/client-ec2";
import { DeleteLoadBalancerCommand, DeleteTargetGroupCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EksAccount } from "./deployment.ts";
import { faultName } from "./faults.ts";
import { type Owned, type OwnedKind, ownedKinds, resourceOf } from "./owned.ts";

interface Deletion {
  readonly ask: (account: EksAccount, id: string) => Promise<unknown>;
  /** Something else must go first, or it went by itself: the next look tells. */
  readonly tolerated: readonly string[];
}

const deletions: Readonly<Record<OwnedKind, Deletion>> = {
  "load-balancer": {
    ask: ({ elb }, LoadBalancerArn) => elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn })),
    tolerated: ["LoadBalancerNotFoundException"],
  },
  "target-group": {
    ask: ({ elb }, TargetGroupArn) => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn })),
    tolerated: ["ResourceInUseException"],
  },
  "network-interface": {
    ask: ({ ec2 }, NetworkInterfaceId) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
    tolerated: ["InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterface.InUse", "InvalidParameterValue"],
  },
  "security-group": {
    ask: ({ ec2 }, GroupId) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
    tolerated: ["DependencyViolation", "InvalidGroup.InUse", "InvalidGroup.NotFound"],
  },
  volume: {
    ask: ({ ec2 }, VolumeId) => ec2.send(new DeleteVolumeCommand({ VolumeId })),
    tolerated: ["VolumeInUse", "IncorrectState", "InvalidVolume.NotFound"],
  },
};

/**
 * Asks for the end of everything among `owned` that can go now, what holds others first; answers what the cloud took on.
 * What is held by something else stays: look and ask again.
 */
export async function deleteOwned(account: EksAccount, owned: readonly Owned[]): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const kind of ownedKinds) {
    const free = owned.filter((it) => it.kind === kind && (it.status ?? "available") === "available");
    const asked = await Promise.all(free.map(async (it) => ((await mayDelete(account, it)) ? [resourceOf(it)] : [])));
    removed.push(...asked.flat());
  }
  return removed;
}

async function mayDelete(account: EksAccount, { kind, id }: Owned): Promise<boolean> {
  const { ask, tolerated } = deletions[kind];
  try {
    await ask(account, id);
    return true;
  } catch (error) {
    if (tolerated.includes(faultName(error))) return false;
    throw error;
  }
}
