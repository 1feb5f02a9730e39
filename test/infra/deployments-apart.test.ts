import { describe, expect, it } from "vitest";
import { stageConfig } from "../../cdk/config.ts";
import { clusterName } from "../../shared/adapters/eks/naming.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import { synthesized } from "./synthesized.ts";

const stack = synthesized("laptop", { deploymentId: "sandlot" });
const id = asId<ClusterId>("cls-3f9a");
const own = clusterName("sandlot", id);
const neighbours = ["sandlot-eu", "sandlot-2", "sandlo", "my-sandlot"].map((it) => clusterName(it, id));

/** Every place in the policies that limits a right to clusters by their name: in ARNs and in conditions on tags. */
function patterns(): string[] {
  const policies = JSON.stringify(Object.values(stack.of("AWS::IAM::Policy")));
  const inArns = policies.matchAll(/:(?:cluster|nodegroup|access-entry|podidentityassociation|addon)\/([^"]*)"/g);
  const inTags = policies.matchAll(/"aws:ResourceTag\/[^"]*":"([^"]*)"/g);
  return [...inArns, ...inTags].map(([, pattern = ""]) => pattern);
}

function matches(pattern: string, name: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/\*/g, ".*").replace(/\?/g, ".")}$`).test(name);
}

describe("two deployments in one account", () => {
  it("may each touch their own clusters and what belongs to them, and none of the other's", () => {
    const all = patterns();
    expect(all.length).toBeGreaterThan(15);
    for (const pattern of all) {
      expect([pattern, matches(pattern, own)]).toEqual([pattern, true]);
      for (const name of neighbours) expect([pattern, name, matches(pattern, name)]).toEqual([pattern, name, false]);
    }
  });

  it("cannot be named so that the names of their clusters run together", () => {
    for (const deploymentId of ["sandlot-cls", "sandlot-cls-eu"]) {
      expect(() => stageConfig("laptop", { deploymentId })).toThrow('deploymentId: must not have the part "cls"');
    }
  });
});
