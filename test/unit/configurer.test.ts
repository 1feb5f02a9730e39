import type { CloudFormationCustomResourceResponse } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../lambdas/configurer/configurer.ts";
import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { aCluster, aPoolConfig, now } from "../support/builders.ts";

const { poolId: _, revision: __, ...settings } = aPoolConfig();

const small = asId<PoolId>("small");
const day = 86_400_000;
const supported = { inStandardSupport: true, standardSupportEndsAt: now + 300 * day };

function setUp() {
  const { pools } = memoryStores();
  const { refill, nudges } = memoryQueues();
  const answers: CloudFormationCustomResourceResponse[] = [];
  const errors: unknown[] = [];
  const offered = new Map([["1.36", supported]]);
  const respond = async (_url: string, response: CloudFormationCustomResourceResponse) => {
    answers.push(response);
  };
  const logger = { error: (_message: string, { error }: { error: unknown }) => void errors.push(error) };
  const versions = { supportOf: async (version: string) => offered.get(version) };
  const handle = createHandler({ pools, versions, refill, clock: () => now }, respond, logger);
  const send = async (requestType: "Create" | "Update" | "Delete", text: string, manifests?: string) => {
    await handle({
      RequestType: requestType,
      ResponseURL: "https://cloudformation.example.com/answer",
      StackId: "stack",
      RequestId: "request",
      LogicalResourceId: "Pools",
      ResourceProperties: { ServiceToken: "configurer", Pools: text, ...(manifests && { Manifests: manifests }) },
    });
    return answers.at(-1);
  };
  return { pools, nudges, errors, offered, send };
}

describe("the pools' configuration", () => {
  it("is written, a revision for each cluster class, and every pool is nudged", async () => {
    const { pools, nudges, send } = setUp();
    const answer = await send("Create", JSON.stringify({ small: settings, twin: settings }));
    expect(answer).toEqual({
      Status: "SUCCESS",
      StackId: "stack",
      RequestId: "request",
      LogicalResourceId: "Pools",
      PhysicalResourceId: "pools",
    });
    const [small, twin] = await pools.listConfigs();
    expect(small).toEqual({ ...settings, poolId: "small", revision: expect.stringMatching(/^[0-9a-f]{8}$/) });
    expect(twin?.revision).toBe(small?.revision);
    expect(nudges.map((it) => it.poolId)).toEqual(["small", "twin"]);
  });

  it("has another revision for another cluster class, and only for that", async () => {
    const { pools, send } = setUp();
    const revision = async (change: Partial<typeof settings>) => {
      await send("Update", JSON.stringify({ small: { ...settings, ...change } }));
      return (await pools.getConfig(small))?.revision;
    };
    const first = await revision({});
    expect(await revision({ quotas: { owner: 1, tenant: 1 } })).toBe(first);
    expect(await revision({ clusterClass: { nodes: 1, kubernetesVersion: "1.36" } })).toBe(first);
    expect(await revision({ clusterClass: { nodes: 2, kubernetesVersion: "1.36" } })).not.toBe(first);
  });

  it("comes with what its clusters are built from, the manifests' content included", async () => {
    const { pools, send } = setUp();
    const clusterClass = { ...settings.clusterClass, manifests: ["a.yaml", "b.yaml"] };
    const object = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
    const deploy = async (files: object) => {
      const answer = await send(
        "Update",
        JSON.stringify({ small: { ...settings, clusterClass } }),
        JSON.stringify(files),
      );
      expect(answer).toMatchObject({ Status: "SUCCESS" });
      return (await pools.getConfig(small))?.revision ?? "";
    };
    const first = await deploy({ "a.yaml": [object("a")], "b.yaml": [object("b")] });
    expect(await pools.getClass(small, first)).toEqual({
      revision: first,
      clusterClass,
      manifests: [
        { file: "a.yaml", object: object("a") },
        { file: "b.yaml", object: object("b") },
      ],
    });
    const second = await deploy({ "a.yaml": [object("a")], "b.yaml": [object("c")] });
    expect(second).not.toBe(first);
    expect(await deploy({ "a.yaml": [], "b.yaml": [object("a"), object("c")] })).toBe(second);
    expect(await pools.getClass(small, first)).toBeDefined();
  });

  it("is refused when a manifest did not come with it", async () => {
    const { send } = setUp();
    const clusterClass = { ...settings.clusterClass, manifests: ["a.yaml"] };
    const answer = await send("Create", JSON.stringify({ small: { ...settings, clusterClass } }));
    expect(answer).toMatchObject({
      Status: "FAILED",
      Reason: "pools.small.clusterClass.manifests: a.yaml did not come with the deployment.",
    });
  });

  it.each([
    ["1.35", "is not offered by EKS in this Region"],
    ["1.34", "leaves standard support on 2026-12-02, within 60 days: take a newer one"],
    ["1.33", "is out of standard support, which ended on 2026-07-29: take a newer one"],
  ])("is refused with Kubernetes %s, which %s", async (kubernetesVersion, problem) => {
    const { pools, offered, send } = setUp();
    offered.set("1.34", { inStandardSupport: true, standardSupportEndsAt: Date.parse("2026-12-02") });
    offered.set("1.33", { inStandardSupport: false, standardSupportEndsAt: Date.parse("2026-07-29") });
    const old = { ...settings, clusterClass: { ...settings.clusterClass, kubernetesVersion } };
    expect(await send("Create", JSON.stringify({ small: old, other: settings }))).toMatchObject({
      Status: "FAILED",
      Reason: `The pools cannot work:\npools.small.clusterClass.kubernetesVersion: ${kubernetesVersion} ${problem}`,
    });
    expect(await pools.listConfigs()).toEqual([]);
  });

  it("is not held up by the date of a version that the pool has already", async () => {
    const { pools, offered, send } = setUp();
    await send("Create", JSON.stringify({ small: settings }));
    offered.set("1.36", { inStandardSupport: true, standardSupportEndsAt: now + day });
    const changed = { ...settings, description: "changed" };
    expect(await send("Update", JSON.stringify({ small: changed }))).toMatchObject({ Status: "SUCCESS" });
    expect((await pools.getConfig(small))?.description).toBe("changed");
    const grown = await send("Update", JSON.stringify({ small: changed, second: settings }));
    expect(grown).toMatchObject({ Reason: expect.stringContaining("pools.second.clusterClass.kubernetesVersion") });
  });

  it("retires a pool that is no longer named", async () => {
    const { pools, send } = setUp();
    await send("Create", JSON.stringify({ small: settings, old: settings }));
    await send("Update", JSON.stringify({ small: settings }));
    const [old, small] = await pools.listConfigs();
    expect(old?.policy).toMatchObject({ minWarm: 0, maxTotal: 0, bufferPercent: 0 });
    expect(small?.policy).toEqual(settings.policy);
  });

  it("is refused as a whole when a field cannot work, and the person who deploys reads which one", async () => {
    const { pools, errors, send } = setUp();
    const broken = { ...settings, policy: { ...settings.policy, minWarm: 99 } };
    const answer = await send("Create", JSON.stringify({ other: settings, small: broken }));
    expect(answer).toMatchObject({
      Status: "FAILED",
      Reason: "The pools cannot work:\npools.small.policy.minWarm: must not be above policy.maxTotal (10)",
    });
    expect(await pools.listConfigs()).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it("is refused when a field is missing or of another type", async () => {
    const { send } = setUp();
    const answer = await send("Create", JSON.stringify({ small: { ...settings, quotas: { owner: "5" } } }));
    expect(answer).toMatchObject({ Status: "FAILED", Reason: expect.stringContaining("pools.small.quotas.owner") });
    expect(answer).toMatchObject({ Reason: expect.stringContaining("pools.small.quotas.tenant") });
  });

  it("goes with the stack once no cluster is left, and empties the pools until then", async () => {
    const { pools, send } = setUp();
    await send("Create", JSON.stringify({ small: settings }));
    await pools.createCluster(aCluster.requested({ poolId: small }), await pools.beginPass(small));

    expect(await send("Delete", "")).toMatchObject({ Status: "FAILED", Reason: expect.stringContaining("small (1)") });
    expect((await pools.getConfig(small))?.policy).toMatchObject({ maxTotal: 0, trimCoolDownSeconds: 0 });
  });

  it("lets a stack go that never had a cluster", async () => {
    const { send } = setUp();
    await send("Create", JSON.stringify({ small: settings }));
    expect(await send("Delete", "")).toMatchObject({ Status: "SUCCESS" });
  });
});
