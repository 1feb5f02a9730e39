import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { clientConfig, type LaptopAws } from "./aws.ts";
import { datumsIn, type NamespacedDatum } from "./emf.ts";

/** Turns the functions' metric lines into metrics, which MiniStack does not do by itself. */
export interface MetricsForwarder {
  stop(): Promise<void>;
}

const pollEveryMs = 5_000;
/** How far each look reaches back before the last one: a line's time is taken before it is stored. */
const overlapMs = 10_000;
const mostDatumsPerCall = 500;

/**
 * Reads every log group and publishes what it finds, each line once.
 *
 * @param onError hears of failed rounds; the next round covers what a failed one missed.
 */
export function startMetricsForwarder(aws: LaptopAws, onError: (error: unknown) => void): MetricsForwarder {
  const logs = new CloudWatchLogsClient(clientConfig(aws));
  const metrics = new CloudWatchClient(clientConfig(aws));
  const stopping = new AbortController();
  const lines = newLines();
  let since = Date.now();

  const round = async (): Promise<void> => {
    const started = Date.now();
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ limit: 50 }));
    const found: FilteredLogEvent[] = [];
    for (const { logGroupName } of logGroups) {
      // The pattern only spares transport; whether a line holds metrics is decided by parsing it.
      const query = { logGroupName, filterPattern: '"CloudWatchMetrics"', startTime: since - overlapMs };
      const { events = [] } = await logs.send(new FilterLogEventsCommand(query));
      found.push(...events);
    }
    const fresh = lines.among(found);
    await publish(
      metrics,
      fresh.flatMap((event) => datumsIn(event.message ?? "")),
    );
    lines.remember(fresh, since - overlapMs);
    since = started;
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => {
        if (!stopping.signal.aborted) onError(error);
      });
      await pause(pollEveryMs, stopping.signal);
    }
  };
  const running = run();

  return {
    stop: async () => {
      stopping.abort();
      logs.destroy();
      metrics.destroy();
      await running;
    },
  };
}

/** MiniStack gives log events no id: a line is known by its stream, its time and its text. */
function newLines() {
  const seen = new Map<string, number>();
  const key = (event: FilteredLogEvent) => `${event.logStreamName} ${event.timestamp} ${event.message}`;
  return {
    among: (events: readonly FilteredLogEvent[]) => events.filter((event) => !seen.has(key(event))),
    /** Forgets what is older than any later look reaches. */
    remember: (events: readonly FilteredLogEvent[], olderThan: number) => {
      for (const [known, at] of seen) if (at < olderThan) seen.delete(known);
      for (const event of events) seen.set(key(event), event.timestamp ?? 0);
    },
  };
}

async function publish(metrics: CloudWatchClient, datums: readonly NamespacedDatum[]): Promise<void> {
  for (const [namespace, members] of Map.groupBy(datums, (it) => it.namespace)) {
    for (let start = 0; start < members.length; start += mostDatumsPerCall) {
      const data = members.slice(start, start + mostDatumsPerCall).map((it) => it.datum);
      await metrics.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: data }));
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
