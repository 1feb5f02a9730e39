import { Duration, Lazy } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Environment as AccessEnvironment } from "../../lambdas/access/env.ts";
import type { Environment as ApiEnvironment } from "../../lambdas/api/env.ts";
import type { Environment as JanitorEnvironment } from "../../lambdas/janitor/env.ts";
import type { Environment as ReaperEnvironment } from "../../lambdas/reaper/env.ts";
import type { Environment as RefillerEnvironment } from "../../lambdas/refiller/env.ts";
import type { Environment as WorkerEnvironment } from "../../lambdas/worker/env.ts";
import type { StageConfig } from "../config.ts";
import type { Clusters } from "./clusters.ts";
import type { Deployment } from "./deployment.ts";
import { LambdaFunction } from "./function.ts";
import type { Network } from "./network.ts";
import type { Queues } from "./queues.ts";
import type { Table } from "./table.ts";
import { plain } from "./wire.ts";

interface FunctionsProps {
  readonly deployment: Deployment;
  readonly table: Table;
  readonly queues: Queues;
  readonly network: Network;
  readonly clusters: Clusters;
  readonly janitor: StageConfig["janitor"];
}

/** How long each function may run. The API's stay below the 30 s after which API Gateway gives up. */
export const timeouts = {
  api: Duration.seconds(29),
  access: Duration.seconds(15),
  // A pass that dies keeps its pool waiting for six times this, until its message is visible again.
  refiller: Duration.seconds(20),
  worker: Duration.seconds(60),
  reaper: Duration.seconds(60),
  // Shorter than its period: passes never overlap.
  janitor: Duration.minutes(5),
} as const;

/** The functions of the product, and what each one may do. */
export class Functions extends Construct {
  readonly api: LambdaFunction<ApiEnvironment>;
  readonly access: LambdaFunction<AccessEnvironment>;
  readonly refiller: LambdaFunction<RefillerEnvironment>;
  readonly worker: LambdaFunction<WorkerEnvironment>;
  readonly reaper: LambdaFunction<ReaperEnvironment>;
  readonly janitor: LambdaFunction<JanitorEnvironment>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { deployment, table, queues, network, clusters } = props;
    const everyQueue = () => ({ REFILL_QUEUE_URL: queues.refill.sending(), WORK_QUEUE_URL: queues.work.sending() });

    this.api = new LambdaFunction<ApiEnvironment>(this, "Api", {
      deployment,
      name: "api",
      description: "Answers the API from the table",
      timeout: timeouts.api,
      memorySize: 1024,
      environment: {
        TABLE_NAME: table.allowing(["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"], ["byTenant"]),
        ...everyQueue(),
      },
    });
    this.access = new LambdaFunction<AccessEnvironment>(this, "Access", {
      deployment,
      name: "access",
      description: "Issues credentials for a sandbox's cluster",
      timeout: timeouts.access,
      memorySize: 1024,
      environment: { TABLE_NAME: table.allowing(["GetItem", "PutItem"]) },
    });
    this.refiller = new LambdaFunction<RefillerEnvironment>(this, "Refiller", {
      deployment,
      name: "refiller",
      description: "Keeps a pool filled: one pass a message; every minute, a nudge for each pool",
      timeout: timeouts.refiller,
      memorySize: 512,
      environment: {
        TABLE_NAME: table.allowing(["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"]),
        ...everyQueue(),
      },
    });
    this.worker = new LambdaFunction<WorkerEnvironment>(this, "Worker", {
      deployment,
      name: "worker",
      description: "Takes one step with one cluster, or ends one sandbox",
      timeout: timeouts.worker,
      memorySize: 1024,
      environment: {
        TABLE_NAME: table.allowing(["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"]),
        ...everyQueue(),
        CLUSTER_ROLE_ARN: clusters.passingClusterRole(),
        NODE_ROLE_ARN: clusters.passingNodeRole(),
        MANAGED_NODE_ROLE_ARN: clusters.managed.passingNodeRole(),
        STORAGE_ROLE_ARN: clusters.managed.passingStorageRole(),
        LAUNCH_TEMPLATE_ID: clusters.managed.launching(),
        WORKER_ROLE_ARN: plain(Lazy.string({ produce: () => this.worker.role.roleArn })),
        ACCESS_ROLE_ARN: plain(this.access.role.roleArn),
        SUBNET_IDS: plain(network.subnetIds.join(",")),
      },
    });
    clusters.letManage(this.worker);
    this.reaper = new LambdaFunction<ReaperEnvironment>(this, "Reaper", {
      deployment,
      name: "reaper",
      description: "Ends what is due",
      timeout: timeouts.reaper,
      memorySize: 512,
      environment: {
        TABLE_NAME: table.allowing(["GetItem", "Query", "PutItem", "UpdateItem"], ["byDue"]),
        ...everyQueue(),
      },
    });

    this.janitor = new LambdaFunction<JanitorEnvironment>(this, "Janitor", {
      deployment,
      name: "janitor",
      description: "Compares what the cloud holds with the records, both ways",
      timeout: timeouts.janitor,
      memorySize: 512,
      environment: {
        TABLE_NAME: table.allowing(["GetItem", "Query"]),
        WORK_QUEUE_URL: queues.work.sending(),
        ORPHANS: plain(props.janitor.orphans),
      },
    });
    clusters.letLook(this.janitor);

    queues.refill.deliverTo(this.refiller.function, { batchSize: 1, reportBatchItemFailures: true });
    // Beyond this many workers at once, EKS would throttle their calls and not go faster.
    queues.work.deliverTo(this.worker.function, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency: 20 });
  }

  get all() {
    return [this.api, this.access, this.refiller, this.worker, this.reaper, this.janitor];
  }
}
