import { AssetHashType, DockerImage, type Duration } from "aws-cdk-lib";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type CfnFunction,
  Code,
  type IFunction,
  Function as Lambda,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { bundle, sourceOf } from "../bundle.ts";
import { explain } from "./acknowledgement.ts";
import type { Deployment } from "./deployment.ts";
import type { Wire } from "./wire.ts";

type SetForEvery = "DEPLOYMENT_ID" | "POWERTOOLS_SERVICE_NAME" | "POWERTOOLS_METRICS_NAMESPACE";

/** The variables that a function's own `env.ts` asks for, without those that every function gets alike. */
export type Wiring<Environment> = { readonly [Name in Exclude<keyof Environment, SetForEvery>]: Wire };

interface FunctionProps<Environment> {
  readonly deployment: Deployment;
  /** The folder under `lambdas/`; also the `service` of the function's logs and metrics. */
  readonly name: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: Wiring<Environment>;
}

/**
 * A function of the product: one bundle with everything in it, a role that may do what its variables imply and nothing
 * else, and a log group of its own.
 */
export class LambdaFunction<Environment> extends Construct {
  readonly function: IFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: FunctionProps<Environment>) {
    super(scope, id);
    const { deployment, name } = props;
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.logGroup = new LogGroup(this, "Logs", {
      retention: deployment.logRetention,
      removalPolicy: deployment.removalPolicy,
    });
    this.logGroup.grantWrite(this.role);
    const wiring = Object.entries<Wire>(props.environment);
    this.allow(...wiring.flatMap(([, wire]) => wire.statements));

    const setForEvery: Readonly<Record<SetForEvery, string>> = {
      DEPLOYMENT_ID: deployment.id,
      POWERTOOLS_SERVICE_NAME: name,
      POWERTOOLS_METRICS_NAMESPACE: deployment.metricNamespace,
    };
    this.function = new Lambda(this, "Function", {
      description: props.description,
      code: Code.fromAsset(sourceOf(name), {
        assetHashType: AssetHashType.OUTPUT,
        bundling: { image: neverUsed, local: { tryBundle: (outdir) => bundled(name, outdir) } },
      }),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout,
      role: this.role,
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      environment: {
        ...setForEvery,
        ...Object.fromEntries(wiring.map(([variable, wire]) => [variable, wire.value])),
      },
    });
    explain(
      this.role,
      "AwsSolutions-IAM5[Resource::*]",
      "X-Ray's PutTraceSegments and PutTelemetryRecords know no resources.",
    );
  }

  /** Changes with every change of the bundle, and with nothing else. */
  get bundle(): string {
    const { code } = this.function.node.defaultChild as CfnFunction;
    return (code as CfnFunction.CodeProperty).s3Key ?? "";
  }

  /** Permissions beyond those that come with a variable. */
  allow(...statements: readonly PolicyStatement[]): void {
    for (const statement of statements) this.role.addToPolicy(statement);
  }
}

/** The CDK asks for a container image to fall back to; there is no falling back. */
const neverUsed = DockerImage.fromRegistry("none");

function bundled(name: string, outdir: string): true {
  bundle(name, outdir);
  return true;
}
