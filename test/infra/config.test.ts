import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError, stageConfig, stages } from "../../cdk/config.ts";

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

  describe("for a class", () => {
    const folder = mkdtempSync(join(tmpdir(), "sandlot-config-"));
    afterAll(() => rmSync(folder, { recursive: true }));
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    /** The problems of the laptop's pool `small` with another class, without the field's common beginning. */
    const problemsWith = (change: object): string[] => {
      const { small } = stageConfig("laptop").pools;
      if (!small) throw new Error("The laptop has no pool small.");
      const clusterClass = { ...small.clusterClass, ...change };
      try {
        stageConfig("laptop", { pools: { small: { ...small, clusterClass } } });
        return [];
      } catch (error) {
        const [, ...problems] = error instanceof ConfigError ? error.message.split("\n") : [];
        return problems.map((it) => it.replace("pools.small.clusterClass.", ""));
      }
    };

    it.each([
      [{ kubernetesVersion: "1.99" }, /^kubernetesVersion: 1\.99 is unknown: take one of 1\.\d+ to 1\.\d+, or update/],
      [{ features: ["gpu"] }, /^features\[0\]: "gpu" is no feature; there are ingress, storage, networkPolicy$/],
      [
        { compute: { instanceTypes: ["m7i.large", "m77i.large"] } },
        /^compute\.instanceTypes\[1\]: m77i is no family of EC2 instances/,
      ],
      [{ compute: { instanceTypes: ["m7i.huge"] } }, /^compute\.instanceTypes\[0\]: huge is no size: there are nano, /],
      [{ addons: [{ name: "metric-server" }] }, /^addons\[0\]\.name: metric-server is no EKS add-on: .*metrics-server/],
      [{ isolation: { podSecurity: "high" } }, /^isolation\.podSecurity: "high" is no level/],
      [{ manifests: ["absent.yaml"] }, /^manifests\[0\]: absent\.yaml: there is no such file beside cdk\/config\.ts$/],
    ])("is told of what does not exist: %j", (change, problem) => {
      const problems = problemsWith(change);
      expect(problems).toEqual([expect.stringMatching(problem)]);
    });

    it("takes an add-on of the Marketplace", () => {
      expect(problemsWith({ addons: [{ name: "upbound_universal-crossplane" }] })).toEqual([]);
    });

    it.each([
      ["a: [", /document|flow|unexpected|expected/i],
      ["# nothing\n", /holds no object$/],
      ["kind: Pod\nmetadata: { name: x }\n", /document 1 has no apiVersion$/],
      ["apiVersion: v1\nkind: Namespace\nmetadata: { name: x }\n---\ntext\n", /document 2 is no Kubernetes object$/],
    ])("is told of a manifest file that cannot be read: %j", (text, problem) => {
      const manifest = file("broken.yaml", text);
      expect(problemsWith({ manifests: [manifest] })).toEqual([expect.stringMatching(problem)]);
      expect(problemsWith({ manifests: [manifest] })[0]).toContain(`manifests[0]: ${manifest}: `);
    });

    it("is told which manifest is one too many for a deployment", () => {
      const long = (name: string) =>
        file(name, `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { a: "${"x".repeat(80_000)}" }\n`);
      const [first, second] = [long("first.yaml"), long("second.yaml")];
      expect(problemsWith({ manifests: [first] })).toEqual([]);
      expect(problemsWith({ manifests: [first, second] })).toEqual([
        expect.stringMatching(/^manifests\[1\]: .*second\.yaml: with it the deployment's manifests are 160\d+ bytes/),
      ]);
    });
  });
});
