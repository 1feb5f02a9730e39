import { Metrics } from "@aws-lambda-powertools/metrics";
import type { MetricUnit } from "@aws-lambda-powertools/metrics/types";

/** Every metric that the functions write, with its unit. */
const units = {
  /** Claims served from the warm pool. */
  ClaimsReady: "Count",
  /** Claims that had to wait, or were refused, because the pool had no warm cluster. The exhaustion alarm watches it. */
  ClaimsWaitedOrRefused: "Count",
  /** From the request to a ready sandbox, for claims served from the warm pool. */
  ClaimLatency: "Milliseconds",
  ClustersAvailable: "Count",
  ClustersClaimed: "Count",
  ClustersInFlight: "Count",
  ClustersTearingDown: "Count",
  ClustersTarget: "Count",
  ClaimsWaiting: "Count",
  /** From the request for a cluster until it was warm. */
  ProvisionSeconds: "Seconds",
  /** From the end of its sandbox until it was verified gone. */
  TeardownSeconds: "Seconds",
  ClusterQuarantined: "Count",
  /** A warm cluster whose probe was bad: it left its slot and is validated again. */
  ClustersSuspected: "Count",
  /** A claimed cluster died under its user. */
  SandboxesLost: "Count",
  /** 1 while a pool's class fails to build, and nothing more is built from it. */
  ClassBroken: "Count",
  /** A provisioning step that failed for good. */
  StepFailed: "Count",
  /** The cloud had no room for a step. */
  StepBlocked: "Count",
  /** Sandboxes ended by the reaper. */
  Reaped: "Count",
} as const satisfies Record<string, MetricUnit>;

export type MetricName = keyof typeof units;

/** Few values each, known to the deployment: pools and reasons, never ids of requests. */
export type MetricDimensions = { readonly pool: string } | { readonly reason: string };

/** Writes values that belong together, at once. */
export type RecordMetrics = (
  dimensions: MetricDimensions,
  values: Readonly<Partial<Record<MetricName, number>>>,
) => void;

/** Records metrics as log lines in CloudWatch's embedded format, under the function's `service` and the given dimension. */
export function embeddedMetrics(namespace: string, serviceName: string): RecordMetrics {
  const byDimension = new Map<string, Metrics>();
  return (dimensions, values) => {
    const key = JSON.stringify(dimensions);
    const metrics = byDimension.get(key) ?? new Metrics({ namespace, serviceName, defaultDimensions: dimensions });
    byDimension.set(key, metrics);
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined) metrics.addMetric(name, units[name as MetricName], value);
    }
    metrics.publishStoredMetrics();
  };
}
