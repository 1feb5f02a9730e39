import { CustomResource, Duration } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct, type IDependable } from "constructs";
import type { Environment } from "../../lambdas/configurer/env.ts";
import type { StageConfig } from "../config.ts";
import { readManifests } from "../manifests.ts";
import type { Deployment } from "./deployment.ts";
import { LambdaFunction } from "./function.ts";
import type { QueueWithDeadLetters } from "./queues.ts";
import type { Table } from "./table.ts";

interface PoolConfigurationProps {
  /** Deployed before the pools, and deleted after them only: what a pool needs to be filled and to be emptied. */
  readonly after: readonly IDependable[];
  readonly deployment: Deployment;
  readonly pools: StageConfig["pools"];
  readonly table: Table;
  readonly refill: QueueWithDeadLetters;
}

/** The pools' configuration in the table, written by the deployment itself: a deploy that succeeded is in force. */
export class PoolConfiguration extends Construct {
  readonly configurer: LambdaFunction<Environment>;

  constructor(scope: Construct, id: string, props: PoolConfigurationProps) {
    super(scope, id);
    this.node.addDependency(...props.after);
    const timeout = Duration.seconds(60);
    this.configurer = new LambdaFunction<Environment>(this, "Configurer", {
      deployment: props.deployment,
      name: "configurer",
      description: "Writes the pools' configuration while the stack is deployed",
      timeout,
      memorySize: 512,
      environment: {
        TABLE_NAME: props.table.allowing(["Query", "PutItem", "UpdateItem"]),
        REFILL_QUEUE_URL: props.refill.sending(),
      },
    });
    this.configurer.allow(new PolicyStatement({ actions: ["eks:DescribeClusterVersions"], resources: ["*"] }));
    new CustomResource(this, "Pools", {
      resourceType: "Custom::SandlotPools",
      serviceToken: this.configurer.function.functionArn,
      // A function that dies without an answer would hold up the deployment for an hour.
      serviceTimeout: timeout.plus(Duration.seconds(30)),
      // As text: CloudFormation turns the numbers of a custom resource into strings.
      // With the bundle, so that a release that writes them otherwise writes them anew.
      properties: {
        Pools: JSON.stringify(props.pools),
        Manifests: JSON.stringify(readManifests(props.pools).files),
        Configurer: this.configurer.bundle,
      },
    });
  }
}
