import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type * as z from "zod/mini";
import { stageConfig } from "../../cdk/config.ts";
import { schema as access } from "../../lambdas/access/env.ts";
import { schema as api } from "../../lambdas/api/env.ts";
import { schema as configurer } from "../../lambdas/configurer/env.ts";
import { parseEnvironment } from "../../lambdas/environment.ts";
import { schema as janitor } from "../../lambdas/janitor/env.ts";
import { schema as reaper } from "../../lambdas/reaper/env.ts";
import { schema as refiller } from "../../lambdas/refiller/env.ts";
import { schema as worker } from "../../lambdas/worker/env.ts";
import { routes } from "../../shared/api/routes.ts";
import { tableSchema } from "../../shared/domain/table.ts";
import { idOf, synthesized } from "./synthesized.ts";

const stack = synthesized("laptop");
const alarms = Object.values(stack.of("AWS::CloudWatch::Alarm"));
const queues = stack.of("AWS::SQS::Queue");
const functions = stack.of("AWS::Lambda::Function");

/** The logical id that a `Ref` or `Fn::GetAtt` leads to. */
function target(reference: { readonly Ref?: string; readonly "Fn::GetAtt"?: readonly string[] }): string {
  return reference.Ref ?? reference["Fn::GetAtt"]?.[0] ?? "";
}

/** What a reference will be once deployed, in so far as a function's environment can tell. */
function deployed(value: unknown): string {
  if (typeof value === "string") return value;
  const { Ref: ref, "Fn::GetAtt": attribute, "Fn::Join": join } = value as Record<string, [string, unknown[]]>;
  if (join) return join[1].map(deployed).join(join[0]);
  if (attribute) return `arn:aws:iam::123456789012:role/${attribute[0]}`;
  return queues[String(ref)] ? `https://sqs.eu-west-1.amazonaws.com/123456789012/${ref}` : String(ref);
}

describe("the functions", () => {
  const schemas: Readonly<Record<string, z.ZodMiniType>> = {
    api,
    access,
    refiller,
    worker,
    reaper,
    janitor,
    configurer,
  };

  it.each(Object.entries(schemas))("%s gets every variable that it asks for", (name, schema) => {
    const own = Object.values(functions).find((it) => it.Environment.Variables.POWERTOOLS_SERVICE_NAME === name);
    const variables = Object.entries(own?.Environment.Variables ?? {});
    expect(() =>
      parseEnvironment(schema, Object.fromEntries(variables.map(([key, value]) => [key, deployed(value)]))),
    ).not.toThrow();
  });

  it("are no others", () => {
    const names = Object.values(functions).map((it) => it.Environment.Variables.POWERTOOLS_SERVICE_NAME);
    expect(names.sort()).toEqual(Object.keys(schemas).sort());
  });

  it("run on Node 24 with tracing and a log group of their own", () => {
    for (const it of Object.values(functions)) {
      expect([it.Runtime, it.TracingConfig.Mode]).toEqual(["nodejs24.x", "Active"]);
      expect(stack.resources[target(it.LoggingConfig.LogGroup)]?.Properties.RetentionInDays).toBe(1);
    }
  });

  it("behind the API end before the gateway gives up at 30 s", () => {
    for (const name of ["FunctionsApiFunction", "FunctionsAccessFunction"]) {
      expect(functions[idOf(functions, name)].Timeout).toBeLessThan(30);
    }
  });
});

describe("the API", () => {
  it("has the routes of the table, each with its function and scope, and one for everything else", () => {
    const integrations = stack.of("AWS::ApiGatewayV2::Integration");
    const deployedRoutes = Object.values(stack.of("AWS::ApiGatewayV2::Route")).map((it) => {
      const [, id] = it.Target["Fn::Join"][1];
      const served = target(integrations[target(id)].IntegrationUri);
      return [it.RouteKey, served.replace(/Function[0-9A-F]{8}$/, ""), it.AuthorizationType, it.AuthorizationScopes];
    });
    const wanted = Object.values(routes).map(({ method, path, function: served, scope }) => [
      `${method} ${path}`,
      served === "api" ? "FunctionsApi" : "FunctionsAccess",
      scope ? "JWT" : "NONE",
      scope ? [scope] : undefined,
    ]);
    expect(deployedRoutes.sort()).toEqual([...wanted, ["$default", "FunctionsApi", "NONE", undefined]].sort());
  });

  it("takes tokens of the configured issuer for the configured audience", () => {
    const { issuer, audience } = stageConfig("laptop");
    const [authorizer] = Object.values(stack.of("AWS::ApiGatewayV2::Authorizer"));
    expect(authorizer.JwtConfiguration).toEqual({ Issuer: issuer, Audience: [audience] });
  });

  it("logs neither headers nor queries, which may carry tokens", () => {
    const [stage] = Object.values(stack.of("AWS::ApiGatewayV2::Stage"));
    expect(stage.AccessLogSettings.Format).not.toMatch(/header|query|authorization/i);
  });
});

describe("the queues", () => {
  const sources = Object.values(stack.of("AWS::Lambda::EventSourceMapping"));
  const isDeadLetters = ([id]: readonly [string, unknown]) => id.includes("DeadLetters");

  it("hand what no attempt could serve to dead letters of their own kind", () => {
    const working = Object.entries(queues).filter((it) => !isDeadLetters(it));
    expect(working).toHaveLength(2);
    for (const [id, queue] of working) {
      const deadLetters = target(queue.RedrivePolicy.deadLetterTargetArn);
      expect(deadLetters).toContain(id.replace(/Queue[0-9A-F]{8}$/, "DeadLetters"));
      expect(queues[deadLetters].FifoQueue).toBe(queue.FifoQueue);
    }
  });

  it("have an alarm on their dead letters", () => {
    for (const [id] of Object.entries(queues).filter(isDeadLetters)) {
      const watching = alarms.filter((it) => JSON.stringify(it.Dimensions).includes(id));
      expect(watching.map((it) => [it.MetricName, it.Threshold])).toEqual([["ApproximateNumberOfMessagesVisible", 0]]);
    }
  });

  it("hide a message for six times as long as its function may run, and take failures record by record", () => {
    expect(sources).toHaveLength(2);
    for (const source of sources) {
      const queue = queues[target(source.EventSourceArn)];
      const consumer = functions[target(source.FunctionName)];
      expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * consumer.Timeout);
      expect(source.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    }
  });

  it("start a pass after the second whose nudges count as one", () => {
    const refill = queues[idOf(queues, "QueuesRefillQueue")];
    expect([refill.FifoQueue, refill.DelaySeconds, refill.ContentBasedDeduplication]).toEqual([true, 1, undefined]);
  });

  it("bring the refiller one pool at a time", () => {
    const refill = sources.find((it) => target(it.FunctionName).includes("Refiller"));
    expect(refill.BatchSize).toBe(1);
  });
});

describe("nodes of managed groups", () => {
  it("keep their credentials from pods, and their volumes encrypted", () => {
    const [template] = Object.values(stack.of("AWS::EC2::LaunchTemplate"));
    expect(template.LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true, DeleteOnTermination: true } }],
    });
  });
});

describe("the schedules", () => {
  const rules = Object.values(stack.of("AWS::Events::Rule"));
  const scheduled = rules.flatMap((it) => it.Targets.map(({ Arn }: { Arn: object }) => target(Arn)));

  it("run the refiller and the reaper every minute, and the janitor every quarter of an hour", () => {
    const runs = rules.map((it) => {
      const id = target(it.Targets[0].Arn);
      return [id.replace(/Function[0-9A-F]{8}$/, ""), it.ScheduleExpression];
    });
    expect(Object.fromEntries(runs)).toEqual({
      FunctionsRefiller: "rate(1 minute)",
      FunctionsReaper: "rate(1 minute)",
      FunctionsJanitor: "rate(15 minutes)",
    });
  });

  it("leave the janitor less time than until its next run", () => {
    expect(functions[idOf(functions, "FunctionsJanitorFunction")].Timeout).toBeLessThan(15 * 60);
  });

  it("have two alarms on each function: failing, and not running", () => {
    for (const id of scheduled) {
      const watching = alarms.filter((it) => JSON.stringify(it.Dimensions).includes(id));
      expect(watching.map((it) => [it.MetricName, it.ComparisonOperator, it.TreatMissingData]).sort()).toEqual([
        ["Errors", "GreaterThanThreshold", "notBreaching"],
        ["Invocations", "LessThanThreshold", "breaching"],
      ]);
    }
  });
});

describe("the alarms", () => {
  const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");

  it("say who is hurt and where to read on, and reach somebody", () => {
    for (const alarm of alarms) {
      const [, anchor] = /\S\. docs\/runbook\.md#([a-z-]+)$/.exec(alarm.AlarmDescription) ?? [];
      expect(runbook).toContain(`\n## ${anchor}\n`);
      expect(alarm.AlarmActions.map(target)).toEqual([idOf(stack.resources, "AlarmsTopic")]);
    }
  });

  it.each(Object.keys(stageConfig("laptop").pools))("tell within a minute that pool %s is exhausted", (pool) => {
    const own = alarms.find((it) => it.MetricName === "ClaimsWaitedOrRefused" && isAbout(it, pool));
    expect(own).toMatchObject({
      Namespace: "Sandlot/sandlot-laptop",
      Dimensions: [
        { Name: "pool", Value: pool },
        { Name: "service", Value: "api" },
      ],
      Statistic: "Sum",
      Threshold: 0,
      Period: 60,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    });
  });

  it("tell when a function that is called crashes", () => {
    for (const name of ["Api", "Access", "Worker"]) {
      const id = idOf(functions, `Functions${name}Function`);
      const watching = alarms.filter((it) => JSON.stringify(it.Dimensions ?? []).includes(id));
      expect(watching.map((it) => it.MetricName)).toEqual(["Errors"]);
    }
  });

  it.each(["ClustersOrphaned", "ResourcesLeaked", "ClustersVanished"])("tell what the janitor found: %s", (metric) => {
    expect(alarms.find((it) => it.MetricName === metric)).toMatchObject({
      Namespace: "Sandlot/sandlot-laptop",
      Dimensions: [{ Name: "service", Value: "janitor" }],
      Statistic: "Maximum",
      Threshold: 0,
      Period: 900,
      EvaluationPeriods: 1,
      TreatMissingData: "notBreaching",
    });
  });

  it.each(Object.keys(stageConfig("laptop").pools))("tell when the cloud has no room for pool %s", (pool) => {
    const own = alarms.find((it) => it.MetricName === "StepBlocked" && isAbout(it, pool));
    expect(own).toMatchObject({ Period: 300, DatapointsToAlarm: 2, EvaluationPeriods: 3 });
  });

  it.each(Object.keys(stageConfig("laptop").pools))("tell of a quarantined cluster in pool %s", (pool) => {
    const own = alarms.find((it) => it.MetricName === "ClusterQuarantined" && isAbout(it, pool));
    expect(own?.Dimensions).toContainEqual({ Name: "service", Value: "worker" });
  });

  function isAbout({ Dimensions }: { Dimensions?: { Name: string; Value: unknown }[] }, pool: string): boolean {
    return Dimensions?.some(({ Name, Value }) => Name === "pool" && Value === pool) ?? false;
  }
});

describe("the table", () => {
  it("is the one that the stores are written for", () => {
    const [table] = Object.values(stack.of("AWS::DynamoDB::GlobalTable"));
    const { partitionKey, sortKey, timeToLive, indexes } = tableSchema;
    const key = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: "HASH" },
      { AttributeName: range, KeyType: "RANGE" },
    ];
    expect(table.KeySchema).toEqual(key(partitionKey, sortKey));
    expect(table.TimeToLiveSpecification).toEqual({ AttributeName: timeToLive, Enabled: true });
    expect(table.GlobalSecondaryIndexes).toEqual(
      Object.values(indexes).map((it) => ({
        IndexName: it.name,
        KeySchema: key(it.partitionKey, it.sortKey),
        Projection: { ProjectionType: "ALL" },
      })),
    );
    const numbers = table.AttributeDefinitions.filter(
      ({ AttributeType }: Record<string, string>) => AttributeType === "N",
    );
    expect(numbers).toEqual([{ AttributeName: indexes.byDue.sortKey, AttributeType: "N" }]);
  });
});

describe("the pools", () => {
  const id = idOf(stack.resources, "PoolConfigurationPools");

  it("are handed to the deployment as the configuration has them", () => {
    expect(JSON.parse(stack.resources[id]?.Properties.Pools)).toEqual(stageConfig("laptop").pools);
  });

  it("come with the manifests that their classes name", () => {
    const files: Record<string, { kind: string }[]> = JSON.parse(stack.resources[id]?.Properties.Manifests);
    expect(Object.entries(files).map(([file, objects]) => [file, objects.map((it) => it.kind)])).toEqual([
      ["manifests/welcome.yaml", ["Namespace", "ConfigMap"]],
    ]);
  });

  it("go before anything else goes, so that what empties them is still there", () => {
    const others = Object.keys(stack.resources).filter(
      (it) => !it.startsWith("PoolConfiguration") && it !== "CDKMetadata",
    );
    expect(stack.resources[id]?.DependsOn).toEqual(expect.arrayContaining(others));
  });
});
