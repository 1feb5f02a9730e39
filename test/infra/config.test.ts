import { describe, expect, it } from "vitest";
import { stageConfig, stages } from "../../cdk/config.ts";

describe("a stage's configuration", () => {
  it.each(Object.keys(stages))("can work: %s", (stage) => {
    expect(stageConfig(stage)).toEqual(stages[stage]);
  });

  it("must be chosen: there is no default", () => {
    expect(() => stageConfig(undefined)).toThrow(
      "No stage was given. Choose one with -c stage=NAME: laptop, faults, chaos, dev, prod.",
    );
  });

  it("must exist", () => {
    expect(() => stageConfig("production")).toThrow('There is no stage "production".');
  });

  it("takes another issuer for one deployment", () => {
    expect(stageConfig("laptop", { issuer: "http://127.0.0.1:9000" }).issuer).toBe("http://127.0.0.1:9000");
  });

  it("names every field that is wrong, at once", () => {
    const { pools } = stageConfig("laptop");
    const { small } = pools;
    if (!small) throw new Error("The laptop has no pool small.");
    const broken = () =>
      stageConfig("laptop", {
        deploymentId: "Sandlot_1",
        issuer: "nowhere",
        pools: {
          small: {
            ...small,
            policy: { ...small.policy, minWarm: 9, bufferPercent: 100 },
            clusterClass: { ...small.clusterClass, kubernetesVersion: "latest" },
          },
          "Not an id": small,
        },
      });
    expect(broken).toThrow(
      [
        "The configuration cannot work:",
        "deploymentId: must be lower-case letters, digits and dashes, at most 31",
        "issuer: must be a URL",
        "pools.small.clusterClass.kubernetesVersion: must be a minor version such as 1.36",
        "pools.small.policy.bufferPercent: must be a whole number from 0 to 99",
        "pools.small.policy.minWarm: must not be above policy.maxTotal (8)",
        "pools.Not an id: a pool's id must be lower-case letters, digits and dashes, at most 31",
      ].join("\n"),
    );
  });
});
