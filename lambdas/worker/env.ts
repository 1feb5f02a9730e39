import * as z from "zod/mini";
import { commaSeparated, common, queueUrl, roleArn } from "../environment.ts";

export const schema = z.object({
  ...common,
  REFILL_QUEUE_URL: queueUrl,
  WORK_QUEUE_URL: queueUrl,
  /** Assumed by the control planes of all clusters. */
  CLUSTER_ROLE_ARN: roleArn,
  /** Assumed by the nodes of all clusters. */
  NODE_ROLE_ARN: roleArn,
  /** The worker's own role and the access function's: the only two that get an access entry on a cluster. */
  WORKER_ROLE_ARN: roleArn,
  ACCESS_ROLE_ARN: roleArn,
  SUBNET_IDS: commaSeparated,
});
export type Environment = z.input<typeof schema>;
