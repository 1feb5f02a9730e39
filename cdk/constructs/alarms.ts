import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { supportNoticeDays } from "../../shared/domain/kubernetes-version.ts";
import type { StageConfig } from "../config.ts";
import type { Deployment } from "./deployment.ts";
import type { Scheduled } from "./schedules.ts";

interface AlarmProps {
  readonly metric: IMetric;
  /** Who is hurt, and how: what the person who is woken reads first. */
  readonly impact: string;
  /** The entry of `docs/runbook.md`. */
  readonly runbook: string;
  /** Alarms above this, or below it for a heartbeat. */
  readonly threshold: number;
  /** No data means that something stopped. */
  readonly heartbeat?: boolean;
  /** Periods that must be bad, of so many: 2 of 3 unless a single one is already harm. */
  readonly of?: { readonly bad: number; readonly periods: number };
}

interface AlarmsProps {
  readonly deployment: Deployment;
  readonly config: Pick<StageConfig, "alarms" | "pools">;
  readonly api: HttpApi;
  readonly deadLetters: Readonly<Record<string, IQueue>>;
  readonly scheduled: Readonly<Record<string, Scheduled>>;
  /** Functions that others call. */
  readonly called: Readonly<Record<string, IFunction>>;
}

const minute = Duration.minutes(1);

/** What wakes somebody, each with who is hurt and where to read on. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { displayName: `Alarms of ${props.deployment.id}`, enforceSSL: true });
    for (const email of props.config.alarms.emails) this.topic.addSubscription(new EmailSubscription(email));

    const { metricNamespace } = props.deployment;
    for (const poolId of Object.keys(props.config.pools)) this.pool(poolId, metricNamespace);
    for (const [name, queue] of Object.entries(props.deadLetters)) this.deadLetters(name, queue);
    for (const [name, scheduled] of Object.entries(props.scheduled)) this.scheduled(name, scheduled);
    for (const [name, called] of Object.entries(props.called)) this.called(name, called);
    this.findings(metricNamespace);
    this.alarm("ServerErrors", {
      metric: props.api.metricServerError({ period: minute, statistic: Stats.SUM }),
      threshold: props.config.alarms.toleratedServerErrors,
      impact: "Callers of the API get 5xx answers.",
      runbook: "server-errors",
    });
  }

  private pool(poolId: string, namespace: string): void {
    const metric = (service: string, metricName: string) =>
      new Metric({
        namespace,
        metricName,
        dimensionsMap: { service, pool: poolId },
        period: minute,
        statistic: Stats.SUM,
      });
    // One bad minute is enough: a launch can empty a pool in two, and each count is a person who is waiting now.
    this.alarm(`Exhausted-${poolId}`, {
      metric: metric("api", "ClaimsWaitedOrRefused"),
      threshold: 0,
      of: { bad: 1, periods: 1 },
      impact: `Pool ${poolId} has no warm cluster: claims wait in the queue or are refused.`,
      runbook: "pool-exhausted",
    });
    // Blocked pools ask again every ten minutes at the latest: a single refusal is over by the second period.
    this.alarm(`CapacityBlocked-${poolId}`, {
      metric: metric("worker", "StepBlocked").with({ period: Duration.minutes(5) }),
      threshold: 0,
      impact: `The cloud has no room for pool ${poolId} (a quota, or throttling): warm clusters are handed out, but none is built.`,
      runbook: "capacity-blocked",
    });
    // A quarantine is counted once, when it happens.
    this.alarm(`Quarantined-${poolId}`, {
      metric: metric("worker", "ClusterQuarantined"),
      threshold: 0,
      of: { bad: 1, periods: 5 },
      impact: `A cluster of pool ${poolId} failed for good: it costs money and takes a place below the ceiling until it is removed.`,
      runbook: "cluster-quarantined",
    });
    this.alarm(`SandboxesLost-${poolId}`, {
      metric: metric("worker", "SandboxesLost"),
      threshold: 0,
      of: { bad: 1, periods: 5 },
      impact: `A cluster of pool ${poolId} died under its user, whose sandbox has failed and whose work is gone.`,
      runbook: "sandbox-lost",
    });
    this.alarm(`ClassBroken-${poolId}`, {
      metric: metric("refiller", "ClassBroken"),
      threshold: 0,
      impact: `Clusters of pool ${poolId}'s class fail to build: nothing more is built, and claims are served from what is warm only.`,
      runbook: "class-broken",
    });
    // Counted with each cluster that is asked for, so it is kept in mind for a day.
    this.alarm(`VersionSupportEndsSoon-${poolId}`, {
      metric: metric("worker", "VersionSupportEndsSoon").with({ period: Duration.hours(1) }),
      threshold: 0,
      of: { bad: 1, periods: 24 },
      impact: `Pool ${poolId} builds clusters of a Kubernetes version that leaves standard support within ${supportNoticeDays} days: after that it builds none, and runs empty.`,
      runbook: "kubernetes-version",
    });
  }

  /** What the janitor's last pass found. */
  private findings(namespace: string): void {
    const found = (metricName: string, impact: string, runbook: string) =>
      this.alarm(metricName, {
        metric: new Metric({
          namespace,
          metricName,
          dimensionsMap: { service: "janitor" },
          period: Duration.minutes(15),
          statistic: Stats.MAXIMUM,
        }),
        threshold: 0,
        of: { bad: 1, periods: 1 },
        impact,
        runbook,
      });
    found(
      "ClustersOrphaned",
      "The account pays for clusters, or parts of them, that carry this deployment's mark and that it has no record of.",
      "clusters-orphaned",
    );
    found(
      "ResourcesLeaked",
      "Clusters whose tear-down was finished left something behind: it costs money until the janitor has removed it.",
      "resources-leaked",
    );
    found(
      "ClustersVanished",
      "Somebody deleted clusters that pools count on: their users lose what they had, and the next claims wait.",
      "clusters-vanished",
    );
  }

  private called(name: string, called: IFunction): void {
    // What a function catches it answers or leaves to its queue; these are the crashes, time-outs and failed starts.
    this.alarm(`Crashing-${name}`, {
      metric: called.metricErrors({ period: minute, statistic: Stats.SUM }),
      threshold: 0,
      impact: `The ${name} function crashes or runs out of time: ${harm(name)}`,
      runbook: "function-crashing",
    });
  }

  private deadLetters(name: string, queue: IQueue): void {
    this.alarm(`DeadLetters-${name}`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM }),
      threshold: 0,
      impact: `Messages of the ${name} queue failed every attempt: clusters or sandboxes stand still.`,
      runbook: "dead-letters",
    });
  }

  private scheduled(name: string, { function: scheduled, everyMinutes }: Scheduled): void {
    const period = Duration.minutes(everyMinutes);
    this.alarm(`Failing-${name}`, {
      metric: scheduled.metricErrors({ period, statistic: Stats.SUM }),
      threshold: 0,
      impact: `The ${name} fails: ${harm(name)}`,
      runbook: "scheduled-function-failing",
    });
    this.alarm(`NotRunning-${name}`, {
      metric: scheduled.metricInvocations({ period, statistic: Stats.SUM }),
      threshold: 1,
      heartbeat: true,
      // Two runs may fall into one period and none into the next.
      of: everyMinutes === 1 ? { bad: 3, periods: 3 } : { bad: 2, periods: 2 },
      impact: `The ${name} does not run any more: ${harm(name)}`,
      runbook: "scheduled-function-not-running",
    });
  }

  private alarm(id: string, { metric, impact, runbook, threshold, heartbeat = false, of }: AlarmProps): void {
    const { bad, periods } = of ?? { bad: 2, periods: 3 };
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      comparisonOperator: heartbeat
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: heartbeat ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      datapointsToAlarm: bad,
      evaluationPeriods: periods,
      alarmDescription: `${impact} docs/runbook.md#${runbook}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}

const harms: Readonly<Record<string, string>> = {
  refiller: "pools are not refilled, and waiting claims may stay without their cluster.",
  janitor: "what the cloud holds and no record knows stays unseen, and what was left behind stays.",
  api: "callers get 5xx answers.",
  access: "nobody gets credentials for a sandbox.",
  worker: "clusters are built and torn down late or not at all.",
  reaper: "sandboxes outlive their time and keep costing money.",
};

function harm(name: string): string {
  return harms[name] ?? "its work is not done.";
}
