import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { StageConfig } from "./config.ts";
import { Alarms } from "./constructs/alarms.ts";
import { Api } from "./constructs/api.ts";
import { Clusters } from "./constructs/clusters.ts";
import type { Deployment } from "./constructs/deployment.ts";
import { Functions, timeouts } from "./constructs/functions.ts";
import { Network } from "./constructs/network.ts";
import { PoolConfiguration } from "./constructs/pool-configuration.ts";
import { Queues } from "./constructs/queues.ts";
import { Schedules } from "./constructs/schedules.ts";
import { Table } from "./constructs/table.ts";

/** One deployment of Sandlot. */
export class SandlotStack extends Stack {
  constructor(scope: Construct, config: StageConfig) {
    super(scope, config.deploymentId, {
      description: "Sandlot: Kubernetes clusters on tap",
      terminationProtection: config.keepTable,
      ...(config.env && { env: config.env }),
    });
    const deployment: Deployment = {
      id: config.deploymentId,
      metricNamespace: `Sandlot/${config.deploymentId}`,
      logRetention: config.logRetentionDays,
      removalPolicy: config.keepTable ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    const table = new Table(this, "Table", { deployment });
    const queues = new Queues(this, "Queues", { refillerTimeout: timeouts.refiller, workerTimeout: timeouts.worker });
    const network = new Network(this, "Network", { deployment, natGateways: config.natGateways });
    const clusters = new Clusters(this, "Clusters", { deployment });
    const functions = new Functions(this, "Functions", {
      deployment,
      table,
      queues,
      network,
      clusters,
      janitor: config.janitor,
    });
    const scheduled = {
      refiller: { function: functions.refiller.function, everyMinutes: 1 },
      reaper: { function: functions.reaper.function, everyMinutes: 1 },
      janitor: { function: functions.janitor.function, everyMinutes: 15 },
    };
    const called = {
      api: functions.api.function,
      access: functions.access.function,
      worker: functions.worker.function,
    };
    const api = new Api(this, "Api", {
      deployment,
      config,
      functions: { api: functions.api.function, access: functions.access.function },
    });
    const schedules = new Schedules(this, "Schedules", { scheduled });
    const deadLetters = { refill: queues.refill.deadLetters, work: queues.work.deadLetters };
    const alarms = new Alarms(this, "Alarms", { deployment, config, api: api.api, deadLetters, scheduled, called });
    const { configurer } = new PoolConfiguration(this, "PoolConfiguration", {
      deployment,
      pools: config.pools,
      table,
      refill: queues.refill,
      after: [table, queues, network, clusters, functions, api, schedules, alarms],
    });

    const outputs: Record<string, string> = {
      DeploymentId: deployment.id,
      ApiUrl: api.url,
      TableName: table.table.tableName,
      RefillQueueUrl: queues.refill.queue.queueUrl,
      RefillDeadLettersUrl: queues.refill.deadLetters.queueUrl,
      WorkQueueUrl: queues.work.queue.queueUrl,
      WorkDeadLettersUrl: queues.work.deadLetters.queueUrl,
      AlarmTopicArn: alarms.topic.topicArn,
      MetricNamespace: deployment.metricNamespace,
    };
    for (const it of [...functions.all, configurer]) {
      outputs[`${it.node.id}FunctionName`] = it.function.functionName;
      outputs[`${it.node.id}RoleName`] = it.role.roleName;
      outputs[`${it.node.id}LogGroupName`] = it.logGroup.logGroupName;
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
