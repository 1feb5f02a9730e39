import { describe, expect, it } from "vitest";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { aClassRevision, aPoolConfig, now } from "../support/builders.ts";
import { type OpenStores, small } from "./scene.ts";

/** What every `PoolStore` promises of the classes that clusters are built from. */
export function classesContract(open: OpenStores): void {
  describe("classes", () => {
    it("are read back by revision as written, manifests to the letter, and stay when another follows", async () => {
      const { pools } = await open();
      const data = { "a.b": "", n: 1.0, big: 12345678901234567000, nothing: null, list: [[], {}] };
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", labels: { a: "b" } }, data };
      const first = aClassRevision({
        clusterClass: {
          kubernetesVersion: "1.36",
          nodes: 1,
          compute: { instanceTypes: ["m7i.large"] },
          addons: [{ name: "metrics-server" }, { name: "coredns", version: "v1.13.1" }],
          features: ["storage"],
          isolation: { podSecurity: "baseline", quota: { pods: "10" }, requests: {}, ingressFrom: "namespace" },
          manifests: ["x.yaml"],
        },
        manifests: [{ file: "x.yaml", object }],
      });
      const second = aClassRevision({ revision: "r2" });
      for (const built of [first, second, first, second]) await pools.saveClass(small, built, now);
      expect(await pools.getClass(small, "r1")).toEqual(first);
      expect(await pools.getClass(small, "r2")).toEqual(second);
      expect(await pools.getClass(small, "r3")).toBeUndefined();
      expect(await pools.getClass(asId<PoolId>("other"), "r1")).toBeUndefined();
    });

    it("are no part of what a plan reads, and come whole with a pool's configuration", async () => {
      const { pools } = await open();
      const { clusterClass } = aPoolConfig();
      const config = aPoolConfig({
        clusterClass: { ...clusterClass, compute: "auto", features: [], manifests: ["x"] },
      });
      await pools.saveClass(small, aClassRevision(), now);
      expect(await pools.readPool(small)).toBeUndefined();
      await pools.putConfig(config);
      expect((await pools.readPool(small))?.config).toEqual(config);
    });
  });
}
