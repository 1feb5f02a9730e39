import type { MetricDatum, StandardUnit } from "@aws-sdk/client-cloudwatch";

/** A metric value and the namespace that it belongs to. */
export interface NamespacedDatum {
  readonly namespace: string;
  readonly datum: MetricDatum;
}

interface MetricDirective {
  readonly Namespace: string;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: string; readonly StorageResolution?: number }[];
}

interface EmbeddedMetrics {
  readonly _aws: { readonly Timestamp: number; readonly CloudWatchMetrics: readonly MetricDirective[] };
  readonly [member: string]: unknown;
}

/**
 * What CloudWatch would read from one log line in the embedded metric format: one datum for each metric and set of
 * dimensions. Empty for every other line.
 */
export function datumsIn(line: string): readonly NamespacedDatum[] {
  const embedded = parse(line);
  if (embedded === undefined) return [];
  return embedded._aws.CloudWatchMetrics.flatMap((directive) =>
    (directive.Dimensions ?? [[]]).flatMap((names) =>
      directive.Metrics.flatMap((metric) => {
        const values = [embedded[metric.Name]].flat().filter((value) => typeof value === "number");
        if (values.length === 0) return [];
        return {
          namespace: directive.Namespace,
          datum: {
            MetricName: metric.Name,
            Dimensions: names.map((name) => ({ Name: name, Value: String(embedded[name]) })),
            Timestamp: new Date(embedded._aws.Timestamp),
            Values: values,
            ...(metric.Unit === undefined ? {} : { Unit: metric.Unit as StandardUnit }),
            ...(metric.StorageResolution === undefined ? {} : { StorageResolution: metric.StorageResolution }),
          },
        };
      }),
    ),
  );
}

function parse(line: string): EmbeddedMetrics | undefined {
  const start = line.indexOf("{");
  if (start < 0) return undefined;
  try {
    const value = JSON.parse(line.slice(start)) as Partial<EmbeddedMetrics> | null;
    return Array.isArray(value?._aws?.CloudWatchMetrics) ? (value as EmbeddedMetrics) : undefined;
  } catch {
    return undefined;
  }
}
