import type { ClusterId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/time.ts";
import type { EksAccount } from "./deployment.ts";
import { listInterfaces, listSecurityGroups, listVolumes } from "./list-ec2.ts";
import { listLoadBalancers } from "./list-load-balancers.ts";
import { clusterIdOf, clusterName, clusterNamePattern, ownersIn, type Tag } from "./naming.ts";

/** Kinds of what a cluster's controllers make in the cloud, in the order in which they let go of each other. */
export const ownedKinds = ["load-balancer", "target-group", "network-interface", "security-group", "volume"] as const;
export type OwnedKind = (typeof ownedKinds)[number];

/** Something in the cloud that a cluster's controllers made for it alone. */
export interface Owned {
  readonly kind: OwnedKind;
  /** What the cloud deletes it by: an ARN for load balancers and target groups. */
  readonly id: string;
  /** The owner's name in the cloud. */
  readonly cluster: string;
  /** Where the cloud tells it. */
  readonly createdAt?: Instant;
  /** In the cloud's words, for network interfaces only: `available` is used by nothing. */
  readonly status?: string;
}

/** Whose resources a look is for. */
export interface Owners {
  /** Of their names, for filters that the cloud applies. */
  readonly pattern: string;
  /** The owner among a resource's tags, exactly; `undefined` when it is nobody's who is meant. */
  ownerIn(tags: readonly Tag[] | undefined): string | undefined;
}

/** One cluster. */
export function only({ deploymentId }: EksAccount, id: ClusterId): Owners {
  const name = clusterName(deploymentId, id);
  return { pattern: name, ownerIn: (tags) => ownersIn(tags).find((it) => it === name) };
}

/** Every cluster that the deployment has or had, and none of any other deployment. */
export function anyOf({ deploymentId }: EksAccount): Owners {
  return {
    pattern: clusterNamePattern(deploymentId),
    ownerIn: (tags) => ownersIn(tags).find((it) => clusterIdOf(deploymentId, it) !== undefined),
  };
}

/**
 * Everything that these clusters' controllers made and that is still there. The tags hold the cluster's name alone: for a
 * name that somebody else's cluster has, all of it is theirs.
 *
 * @throws when any of the lists is incomplete.
 */
export async function listOwned(account: EksAccount, owners: Owners): Promise<readonly Owned[]> {
  const lists = [
    await listLoadBalancers(account, owners),
    await listInterfaces(account, owners),
    await listSecurityGroups(account, owners),
    await listVolumes(account, owners),
  ];
  return lists.flat();
}

/** As reports and findings name it: `volume/vol-…`. */
export function resourceOf({ kind, id }: Pick<Owned, "kind" | "id">): string {
  return `${kind}/${id}`;
}
