import type { RemovalPolicy } from "aws-cdk-lib";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";

/** What every construct of a deployment has in common. */
export interface Deployment {
  readonly id: string;
  /** Apart for each deployment, so that two in one account never add up in one alarm. */
  readonly metricNamespace: string;
  readonly logRetention: RetentionDays;
  /** Of what would be missed: the table and the logs. */
  readonly removalPolicy: RemovalPolicy;
}

/** The tag that every cloud resource of a deployment's clusters carries. */
export const deploymentTag = "sandlot:deployment";
