import type { EC2Client } from "@aws-sdk/client-ec2";
import { type Cluster, DescribeClusterCommand, type EKSClient } from "@aws-sdk/client-eks";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ClusterId } from "../../domain/ids.ts";
import { faultName } from "./faults.ts";
import { clusterName, isOurs } from "./naming.ts";

/** The cloud, and whose resources in it are meant: all that looking and deleting take. */
export interface EksAccount {
  readonly eks: EKSClient;
  readonly ec2: EC2Client;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly deploymentId: string;
}

/** What the adapter needs to know of the deployment that it makes clusters for. */
export interface EksDeployment extends EksAccount {
  /** Assumed by the control planes of all clusters, and by the nodes of those in Auto Mode. */
  readonly clusterRoleArn: string;
  readonly nodeRoleArn: string;
  /** For managed node groups: what EKS Auto Mode does with rights of its own, these nodes do themselves. */
  readonly managedNodeRoleArn: string;
  /** Of managed node groups; says how their instances answer for their metadata. */
  readonly launchTemplateId: string;
  /** Assumed by the storage driver of clusters with managed node groups. */
  readonly storageRoleArn: string;
  /** The only two principals that get an access entry. */
  readonly workerRoleArn: string;
  readonly accessRoleArn: string;
  /** At least two, in different availability zones. */
  readonly subnetIds: readonly string[];
}

export type Found =
  | { readonly kind: "absent" }
  /** Somebody else's cluster has the name: nothing of it may be touched. */
  | { readonly kind: "foreign" }
  | { readonly kind: "ours"; readonly cluster: Cluster };

/** Looks the cluster up in the cloud and says whose it is. */
export async function find({ eks, deploymentId }: EksAccount, id: ClusterId): Promise<Found> {
  try {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName(deploymentId, id) }));
    if (!cluster) return { kind: "absent" };
    return isOurs(cluster.tags, deploymentId, id) ? { kind: "ours", cluster } : { kind: "foreign" };
  } catch (error) {
    if (faultName(error) === "ResourceNotFoundException") return { kind: "absent" };
    throw error;
  }
}
