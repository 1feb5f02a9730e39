import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

/** A function that runs again and again. */
export interface Scheduled {
  readonly function: IFunction;
  readonly everyMinutes: number;
}

/** Runs functions on time. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: { readonly scheduled: Readonly<Record<string, Scheduled>> }) {
    super(scope, id);
    for (const [name, { function: scheduled, everyMinutes }] of Object.entries(props.scheduled)) {
      new Rule(this, name, {
        schedule: Schedule.rate(Duration.minutes(everyMinutes)),
        // The next run is the retry.
        targets: [new LambdaTarget(scheduled, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
      });
    }
  }
}
