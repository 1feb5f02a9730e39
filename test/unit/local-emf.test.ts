import { describe, expect, it } from "vitest";
import { datumsIn } from "../../local/emf.ts";

const line = JSON.stringify({
  _aws: {
    Timestamp: 1_700_000_000_000,
    CloudWatchMetrics: [
      {
        Namespace: "Sandlot",
        Dimensions: [["service"], ["service", "pool"]],
        Metrics: [
          { Name: "Claims", Unit: "Count" },
          { Name: "Waits", Unit: "Seconds", StorageResolution: 1 },
        ],
      },
    ],
  },
  service: "api",
  pool: "small",
  Claims: 1,
  Waits: [0.5, 2],
});

describe("a line of embedded metrics", () => {
  it("gives one datum for each metric and set of dimensions", () => {
    const found = datumsIn(line);
    expect(found.map((it) => [it.namespace, it.datum.MetricName, it.datum.Dimensions?.length])).toEqual([
      ["Sandlot", "Claims", 1],
      ["Sandlot", "Waits", 1],
      ["Sandlot", "Claims", 2],
      ["Sandlot", "Waits", 2],
    ]);
    expect(found[3]?.datum).toEqual({
      MetricName: "Waits",
      Dimensions: [
        { Name: "service", Value: "api" },
        { Name: "pool", Value: "small" },
      ],
      Timestamp: new Date(1_700_000_000_000),
      Values: [0.5, 2],
      Unit: "Seconds",
      StorageResolution: 1,
    });
  });
  it("may carry the runtime's prefix", () =>
    expect(datumsIn(`2026-01-01T00:00:00Z\tid\tINFO\t${line}`)).toHaveLength(4));
  it("without a value for a metric gives nothing for it", () => {
    const { Claims: _, ...rest } = JSON.parse(line);
    expect(datumsIn(JSON.stringify(rest)).map((it) => it.datum.MetricName)).toEqual(["Waits", "Waits"]);
  });
});

it.each(["START RequestId: 1", '{"level":"INFO","message":"claimed"}', '{"_aws":{}}', "{", "null", ""])(
  "any other line gives nothing: %s",
  (other) => expect(datumsIn(other)).toEqual([]),
);
