import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generatedDocuments } from "../../docs/generated.ts";
import { problemKinds } from "../../shared/api/problem.ts";
import { routes } from "../../shared/api/routes.ts";

const documents = Object.entries(generatedDocuments());

describe("the generated documents", () => {
  it.each(documents)("docs/%s is what `node docs/generate.ts` makes", (name, text) => {
    expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")).toBe(text);
  });
});

describe("the contract", () => {
  const contract = JSON.parse(generatedDocuments()["openapi.json"]);

  it("has every route, with its scope", () => {
    for (const [id, { method, path, scope }] of Object.entries(routes)) {
      expect(contract.paths[path][method.toLowerCase()]).toMatchObject({
        operationId: id,
        security: scope === null ? [] : [{ token: [scope] }],
      });
    }
  });
  it("names every code that a caller can meet, but for the two that no route has", () => {
    const text = JSON.stringify(contract.paths);
    const named = Object.keys(problemKinds).filter((code) => text.includes(`\`${code}\``));
    const absent = Object.keys(problemKinds).filter((code) => !named.includes(code));
    expect(absent).toEqual(["route_not_found", "method_not_allowed"]);
  });
  it("refuses unknown fields in bodies, and does not promise that answers never gain one", () => {
    const { schemas } = contract.components;
    expect(schemas.ClaimRequest.additionalProperties).toBe(false);
    expect(schemas.Sandbox).not.toHaveProperty("additionalProperties");
  });
});
