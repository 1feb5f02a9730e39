import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { expect } from "vitest";
import { eventually } from "./http.ts";
import { operator } from "./leftovers.ts";

interface Expected {
  readonly metric: "ClusterQuarantined" | "SandboxesLost" | "ClassBroken";
  readonly poolId: string;
  /** The section of `docs/runbook.md`. */
  readonly runbook: string;
  readonly since: number;
}

/**
 * Waits until the pool's alarm is raised. The emulator's alarms look at a metric of any pool, so the value of this pool's own
 * metric is asked for as well.
 *
 * @returns its text.
 */
export async function untilAlarm({ metric, poolId, runbook, since }: Expected): Promise<string> {
  const cloudWatch = new CloudWatchClient(operator());
  let last: unknown;
  return eventually(
    `the alarm over ${metric} of ${poolId}`,
    async () => {
      const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
      const alarm = MetricAlarms.find(
        (it) =>
          it.MetricName === metric && it.Dimensions?.some(({ Name, Value }) => Name === "pool" && Value === poolId),
      );
      last = alarm;
      if (alarm?.StateValue !== "ALARM") return undefined;
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: alarm.Namespace,
          MetricName: metric,
          Dimensions: alarm.Dimensions,
          StartTime: new Date(since),
          EndTime: new Date(Date.now() + 60_000),
          Period: 60,
          Statistics: ["Sum"],
        }),
      );
      if (!Datapoints.some(({ Sum = 0 }) => Sum > 0)) return undefined;
      const text = alarm.AlarmDescription ?? "";
      // Who is hurt, and where to read on.
      expect(text).toMatch(new RegExp(`^.*pool ${poolId}\\b.* docs/runbook\\.md#${runbook}$`, "i"));
      return text;
    },
    { withinMs: 60_000, everyMs: 1_000, last: () => last },
  );
}
