import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll } from "vitest";
import { type StageConfig, stageConfig } from "../../cdk/config.ts";
import { SandlotStack } from "../../cdk/stack.ts";
import cdkJson from "../../cdk.json" with { type: "json" };

// biome-ignore lint/suspicious/noExplicitAny: a template is whatever CloudFormation takes.
type Properties = any;

interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

export interface Synthesized {
  /** Properties by logical id. */
  of(type: string): Readonly<Record<string, Properties>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/**
 * The template that a stage would deploy, without the functions' bundles. Slow: once per file.
 *
 * @throws naming each finding of the security rules that nobody explained.
 */
export function synthesized(
  stage: string,
  overrides: Partial<StageConfig> = {},
  extend: (stack: SandlotStack) => unknown = () => undefined,
): Synthesized {
  const outdir = mkdtempSync(join(tmpdir(), "sandlot-infra-"));
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, context: { ...cdkJson.context, "aws:cdk:bundling-stacks": [] } });
  const stack = new SandlotStack(app, stageConfig(stage, overrides));
  extend(stack);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { template } = app.synth().getStackArtifact(stack.artifactId);
  const resources: Record<string, Resource> = template.Resources;
  return {
    of: (type) =>
      Object.fromEntries(
        Object.entries(resources).flatMap(([id, it]) => (it.Type === type ? [[id, it.Properties]] : [])),
      ),
    resources,
    outputs: template.Outputs,
  };
}

/** The name of the only resource whose logical id begins so: ids end in a hash. */
export function idOf(resources: Readonly<Record<string, unknown>>, prefix: string): string {
  const ids = Object.keys(resources).filter(
    (id) => id.startsWith(prefix) && /^[0-9A-F]{8}$/.test(id.slice(prefix.length)),
  );
  if (ids.length !== 1 || ids[0] === undefined) throw new Error(`${ids.length} resources are called ${prefix}`);
  return ids[0];
}
