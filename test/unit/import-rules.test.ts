import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** What the linter says of a file with this content at this path; nothing is written. */
function lint(path: string, content: string): string {
  const run = spawnSync("biome", ["lint", `--stdin-file-path=${path}`, "--colors=off"], { input: content, encoding: "utf8" });
  return run.stdout + run.stderr;
}

const forbidden = [
  ["shared/domain/x.ts", "../ports/clock.ts", "imports itself only"],
  ["shared/domain/x.ts", "zod/mini", "imports itself only"],
  ["shared/ports/x.ts", "@aws-sdk/client-eks", "imports shared/domain only"],
  ["shared/usecases/x.ts", "../adapters/memory/stores.ts", "domain and shared/ports only"],
  ["shared/usecases/x.ts", "node:crypto", "domain and shared/ports only"],
  ["shared/adapters/eks/x.ts", "../kubernetes/client.ts", "never another adapter"],
  ["shared/adapters/dynamodb/x.ts", "@aws-sdk/client-sqs", "its own SDK"],
  ["lambdas/api/x.ts", "../../shared/adapters/eks/provider.ts", "never reaches a cluster"],
  ["lambdas/worker/x.ts", "aws-cdk-lib", "imports shared only"],
  ["cdk/x.ts", "../shared/usecases/refill-pool.ts", "env.ts, domain constants and the route table"],
  ["local/x.ts", "../shared/domain/ids.ts", "imports nothing of it"],
] as const;

const allowed = [
  ["shared/usecases/x.ts", "../ports/clock.ts"],
  ["shared/adapters/eks/x.ts", "../../domain/ids.ts"],
  ["lambdas/worker/x.ts", "../../shared/adapters/eks/provider.ts"],
  ["cdk/x.ts", "../lambdas/api/env.ts"],
  ["cdk/constructs/x.ts", "../../shared/api/routes.ts"],
] as const;

describe("the import rules", () => {
  it.each(forbidden)("refuse that %s imports %s", (path, source, message) => {
    expect(lint(path, `import { a } from "${source}";\nexport const b = a;\n`)).toContain(message);
  });
  it.each(allowed)("let %s import %s", (path, source) => {
    expect(lint(path, `import { a } from "${source}";\nexport const b = a;\n`)).not.toContain("noRestrictedImports");
  });
  it.each(["Date.now()", "process.env", "Math.random()", "console.log(1)"])("refuse %s in the domain", (expression) => {
    expect(lint("shared/domain/x.ts", `export const a = ${expression};\n`)).toContain("The domain is pure");
  });
});
