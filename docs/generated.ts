import { openApiDocument } from "../shared/api/openapi.ts";
import { provisionSteps, teardownSteps } from "../shared/domain/checklist.ts";
import {
  clusterReasons,
  clusterStateMeaning,
  clusterTransitions,
  sandboxReasons,
  sandboxStateMeaning,
  sandboxTransitions,
} from "../shared/domain/lifecycle.ts";

type Transitions = Readonly<Record<string, readonly string[]>>;

/** The documents that are made from the code, by file name in this folder. `node docs/generate.ts` writes them. */
export function generatedDocuments(): Readonly<Record<"openapi.json" | "lifecycle.md", string>> {
  return { "openapi.json": `${JSON.stringify(openApiDocument(), undefined, 2)}\n`, "lifecycle.md": lifecycle() };
}

function lifecycle(): string {
  return `# Life cycles

Generated from \`shared/domain/lifecycle.ts\` and \`shared/domain/checklist.ts\` by \`node docs/generate.ts\`; a test fails when
this page is stale.

A **sandbox** is what a caller holds; a **cluster** is what a pool holds. A cluster serves one sandbox and is then deleted:
there is no way back from \`claimed\` to \`available\`.

## Sandbox

${diagram(sandboxTransitions, "pending", "ready")}

${definitions("State", sandboxStateMeaning)}

Why a sandbox ended (\`stateReason\`):

${definitions("Reason", sandboxReasons)}

## Cluster

${diagram(clusterTransitions, "requested")}

${definitions("State", clusterStateMeaning)}

Why a cluster is torn down:

${definitions("Reason", clusterReasons)}

## Checklists

Each message advances one cluster by one step. A step that takes longer than its budget has failed for good.

${checklist("Build", provisionSteps)}

${checklist("Tear-down", teardownSteps)}
`;
}

function diagram(transitions: Transitions, ...starts: readonly string[]): string {
  const edges = Object.entries(transitions).flatMap(([from, next]) =>
    next.length === 0 ? [`${from} --> [*]`] : next.map((to) => `${from} --> ${to}`),
  );
  const lines = [...starts.map((state) => `[*] --> ${state}`), ...edges];
  return ["```mermaid", "stateDiagram-v2", ...lines.map((line) => `  ${line}`), "```"].join("\n");
}

function definitions(title: string, meanings: Readonly<Record<string, string>>): string {
  return table(
    [title, "Meaning"],
    Object.entries(meanings).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
}

function checklist(
  title: string,
  steps: readonly { step: string; state: string; budgetSeconds: number; overBudget?: string }[],
): string {
  return table(
    [title, "State", "Budget", "Past its budget"],
    steps.map(({ step, state, budgetSeconds, overBudget }) => [
      `\`${step}\``,
      `\`${state}\``,
      `${budgetSeconds / 60} min`,
      { proceed: "go on with the next", quarantine: "quarantine" }[overBudget ?? ""] ?? "tear down",
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
