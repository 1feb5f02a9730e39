import * as z from "zod/mini";
import { commaSeparated, common, queueUrl, roleArn } from "../environment.ts";

export const schema = z.object({
  ...common,
  REFILL_QUEUE_URL: queueUrl,
  WORK_QUEUE_URL: queueUrl,
  /** Assumed by the control planes of all clusters. */
  CLUSTER_ROLE_ARN: roleArn,
  /** Assumed by the nodes of clusters in Auto Mode. */
  NODE_ROLE_ARN: roleArn,
  /** Assumed by the nodes of managed node groups, by the storage driver of their clusters, and what they are launched from. */
  MANAGED_NODE_ROLE_ARN: roleArn,
  STORAGE_ROLE_ARN: roleArn,
  LAUNCH_TEMPLATE_ID: z.string().check(z.minLength(1)),
  /** The worker's own role and the access function's: the only two that get an access entry on a cluster. */
  WORKER_ROLE_ARN: roleArn,
  ACCESS_ROLE_ARN: roleArn,
  SUBNET_IDS: commaSeparated,
});
export type Environment = z.input<typeof schema>;
