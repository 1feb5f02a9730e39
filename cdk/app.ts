import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { ConfigError, stageConfig } from "./config.ts";
import { SandlotStack } from "./stack.ts";

const app = new App();
const context = (name: string): string | undefined => app.node.tryGetContext(name);

try {
  const issuer = context("issuer");
  const audience = context("audience");
  new SandlotStack(app, stageConfig(context("stage"), { ...(issuer && { issuer }), ...(audience && { audience }) }));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
