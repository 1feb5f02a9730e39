import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A tree with our lint rules and nothing else, so that a sample never stands in the checkout. */
let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "sandlot-rules-"));
  mkdirSync(join(tree, "test/lint"), { recursive: true });
  for (const file of ["biome.json", ".gitignore", "test/lint/no-random.grit"]) copyFileSync(file, join(tree, file));
});
afterAll(() => rmSync(tree, { recursive: true }));

/** What the linter says of a file with this content at this path. */
function lint(path: string, content: string): string {
  const file = join(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  const biome = resolve("node_modules/.bin/biome");
  const run = spawnSync(biome, ["lint", "--colors=off", path], { cwd: tree, encoding: "utf8" });
  rmSync(file);
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
