import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

/** Runs functions every minute. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: { readonly everyMinute: Readonly<Record<string, IFunction>> }) {
    super(scope, id);
    for (const [name, scheduled] of Object.entries(props.everyMinute)) {
      new Rule(this, name, {
        schedule: Schedule.rate(Duration.minutes(1)),
        // The next minute is the retry.
        targets: [new LambdaTarget(scheduled, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
      });
    }
  }
}
