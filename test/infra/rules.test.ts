import { Topic } from "aws-cdk-lib/aws-sns";
import { describe, expect, it } from "vitest";
import { synthesized } from "./synthesized.ts";

describe("the security rules", () => {
  it("find nothing in a production stack that is not explained", () => {
    expect(() => synthesized("prod")).not.toThrow();
  });

  it("stop a stack with a topic that takes plain HTTP", () => {
    expect(() => synthesized("laptop", {}, (stack) => new Topic(stack, "Plain"))).toThrow(
      /does not require publishers to use SSL[\s\S]*sandlot-laptop\/Plain/,
    );
  });
});
