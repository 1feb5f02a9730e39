/** A tag as the EC2 and ELB APIs have it. */
export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** The tag by which everything that EKS makes for a cluster names it. */
export const clusterTag = "eks:eks-cluster-name";

/** Tags of a resource that belongs to the cluster alone, followed by others. */
export function ownedTags(cluster: string, more: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries({ [clusterTag]: cluster, ...more }).map(([Key, Value]) => ({ Key, Value }));
}

/** As `ownedTags`, the way that drivers and controllers outside Auto Mode mark what they make. */
export function clusterOwnedTags(
  cluster: string,
  more: Readonly<Record<string, string>>,
): { Key: string; Value: string }[] {
  return Object.entries({ [`kubernetes.io/cluster/${cluster}`]: "owned", ...more }).map(([Key, Value]) => ({
    Key,
    Value,
  }));
}

/** Whether EKS made the resource for the cluster. */
export function isOwned(tags: readonly Tag[] | undefined, cluster: string): boolean {
  return (tags ?? []).some((tag) => tag.Key === clusterTag && tag.Value === cluster);
}

/** The value of a tag. */
export function tagNamed(tags: readonly Tag[] | undefined, name: string): string | undefined {
  return tags?.find((tag) => tag.Key === name)?.Value;
}
