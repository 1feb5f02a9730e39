import { asId, type ClusterId, clusterIdPrefix } from "../../domain/ids.ts";

/** Longest cluster name that EKS takes (EKS API reference, `CreateCluster`). */
const maxNameLength = 100;

/** The tags that every resource carries which we ask the cloud for. */
export const deploymentTag = "sandlot:deployment";
export const clusterTag = "sandlot:cluster";

/** On clusters only: for cost reports, and for people who look at the cloud. */
export const poolTag = "sandlot:pool";
export const revisionTag = "sandlot:revision";

/**
 * A cluster's name in the cloud: it names the deployment too, so that two deployments in one account never meet, and so
 * that a policy can be limited to `<deploymentId>-cls-*`.
 *
 * @throws RangeError when EKS would refuse the name.
 */
export function clusterName(deploymentId: string, id: ClusterId): string {
  const name = `${deploymentId}-${id}`;
  if (name.length > maxNameLength) throw new RangeError(`${name} is longer than EKS's ${maxNameLength} characters.`);
  if (!/^[0-9A-Za-z][0-9A-Za-z_-]*$/.test(name)) throw new RangeError(`${name} is not a name that EKS takes.`);
  return name;
}

/**
 * Every name that `clusterName` gives in a deployment and no name of any other, as IAM policies and EC2 filters write it:
 * `sandlot-*` alone would match those of a deployment `sandlot-eu` too.
 */
export function clusterNamePattern(deploymentId: string): string {
  return `${deploymentId}-${clusterIdPrefix}*`;
}

/** The id of the deployment's cluster that has this name in the cloud; `undefined` for a name that is none of them. */
export function clusterIdOf(deploymentId: string, name: string): ClusterId | undefined {
  const prefix = `${deploymentId}-`;
  if (!name.startsWith(prefix)) return undefined;
  const id = name.slice(prefix.length);
  return /^cls-[0-9a-z]+$/.test(id) ? asId<ClusterId>(id) : undefined;
}

/** The tags of a cluster's record in the cloud. */
export function tagsOf(deploymentId: string, id: ClusterId): Record<string, string> {
  return { [deploymentTag]: deploymentId, [clusterTag]: id };
}

/** True when the tags say that this deployment made it, for this cluster. */
export function isOurs(tags: Readonly<Record<string, string>> | undefined, deploymentId: string, id: ClusterId) {
  return tags?.[deploymentTag] === deploymentId && tags[clusterTag] === id;
}

/** Tags by which the cluster's own controllers name it as the owner of what they make: EKS Auto Mode, the VPC CNI, the load balancer controller. */
export const ownerTagKeys = [
  "eks:eks-cluster-name",
  "cluster.k8s.amazonaws.com/name",
  "elbv2.k8s.aws/cluster",
] as const;

/** One tag of an EC2 or load-balancing resource, as their APIs answer it. */
export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

const ownerKeyPrefix = "kubernetes.io/cluster/";

/**
 * The names of clusters whose controllers made the resource for that cluster alone. `kubernetes.io/cluster/<name>: shared`
 * marks a subnet or group that others use too, and does not count.
 */
export function ownersIn(tags: readonly Tag[] | undefined): readonly string[] {
  const owners: readonly string[] = ownerTagKeys;
  return (tags ?? []).flatMap(({ Key = "", Value = "" }) => {
    if (owners.includes(Key)) return [Value];
    return Key.startsWith(ownerKeyPrefix) && Value === "owned" ? [Key.slice(ownerKeyPrefix.length)] : [];
  });
}

/**
 * One EC2 filter for each tag that can mark a resource as a cluster's; filters of one request would be and-ed. They let more
 * through than `ownersIn` accepts.
 *
 * @param pattern a cluster's name, or one with `*` for many.
 */
export function ownerFilters(pattern: string): { Name: string; Values: string[] }[] {
  return [
    ...ownerTagKeys.map((key) => ({ Name: `tag:${key}`, Values: [pattern] })),
    { Name: "tag-key", Values: [`${ownerKeyPrefix}${pattern}`] },
  ];
}
