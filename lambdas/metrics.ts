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
  ClustersQuarantined: "Count",
  ClustersTarget: "Count",
  ClaimsWaiting: "Count",
  /** From the request for a cluster until it was warm. */
  ProvisionSeconds: "Seconds",
  /** From the end of its sandbox until it was verified gone. */
  TeardownSeconds: "Seconds",
  /** Once for each, when it happens; `ClustersQuarantined` is how many there are. */
  ClusterQuarantined: "Count",
  /** A warm cluster whose probe was bad: it left its slot and is validated again. */
  ClustersSuspected: "Count",
  /** A claimed cluster died under its user. */
  SandboxesLost: "Count",
  /** 1 while a pool's class fails to build, and nothing more is built from it. */
  ClassBroken: "Count",
  /** A provisioning step that failed for good. */
  StepFailed: "Count",
  /** A cluster was asked for with a Kubernetes version whose standard support ends soon. */
  VersionSupportEndsSoon: "Count",
  /** The cloud had no room for a step. */
  StepBlocked: "Count",
  /** Sandboxes ended by the reaper. */
  Reaped: "Count",
  /** Clusters that the cloud holds, whole or in part, and no record knows. Like the three below: as the janitor's last pass found it. */
  ClustersOrphaned: "Count",
  /** Resources that are left of clusters whose record is closed. */
  ResourcesLeaked: "Count",
  /** Clusters that a record says exist, and the cloud does not hold. */
  ClustersVanished: "Count",
  /** Clusters that the cloud lists, and does not know. */
  GhostsListed: "Count",
  /** A pass of the janitor that could not see everything, and did nothing. */
  JanitorSkipped: "Count",
} as const satisfies Record<string, MetricUnit>;

export type MetricName = keyof typeof units;

/** Few values each, known to the deployment: pools and reasons, never ids of requests. None for what concerns the whole deployment. */
export type MetricDimensions =
  | { readonly pool: string }
  | { readonly pool: string; readonly reason: string }
  | Readonly<Record<string, never>>;

/** Writes values that belong together, at once. */
export type RecordMetrics = (
  dimensions: MetricDimensions,
  values: Readonly<Partial<Record<MetricName, number>>>,
) => void;

/** Records metrics as log lines in CloudWatch's embedded format, under the function's `service` and the given dimensions. */
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
