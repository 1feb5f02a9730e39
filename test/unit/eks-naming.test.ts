import { expect, test } from "vitest";
import { belongsTo, clusterIdOf, clusterName, isOurs, ownerFilters, tagsOf } from "../../shared/adapters/eks/naming.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";

const id = asId<ClusterId>("cls-3f9a");

test("a cluster's name in the cloud begins with its deployment", () => {
  expect(clusterName("sandlot-prod", id)).toBe("sandlot-prod-cls-3f9a");
});

test("a cluster is told by its name from those of deployments with similar names", () => {
  expect(clusterIdOf("sandlot", "sandlot-cls-3f9a")).toBe(id);
  for (const name of [
    "sandlot-eu-cls-3f9a",
    "sandlot-cls-cls-3f9a",
    "my-sandlot-cls-3f9a",
    "sandlot-web",
    "sandlot-cls-",
  ]) {
    expect(clusterIdOf("sandlot", name)).toBeUndefined();
  }
});

test("a name that EKS would refuse is refused before the call", () => {
  expect(() => clusterName("sandlot", asId<ClusterId>("c".repeat(93)))).toThrow("longer than EKS's 100");
  expect(clusterName("sandlot", asId<ClusterId>("c".repeat(92)))).toHaveLength(100);
  expect(() => clusterName("sandlot", asId<ClusterId>("a b"))).toThrow("not a name that EKS takes");
});

test("a cluster is ours by both of its tags, not by one", () => {
  expect(isOurs(tagsOf("one", id), "one", id)).toBe(true);
  expect(isOurs(tagsOf("two", id), "one", id)).toBe(false);
  expect(isOurs(tagsOf("one", asId<ClusterId>("cls-other")), "one", id)).toBe(false);
  expect(isOurs({}, "one", id)).toBe(false);
  expect(isOurs(undefined, "one", id)).toBe(false);
});

test("a resource belongs to the cluster that its controllers' tags name", () => {
  expect(belongsTo([{ Key: "eks:eks-cluster-name", Value: "one-cls-1" }], "one-cls-1")).toBe(true);
  expect(belongsTo([{ Key: "elbv2.k8s.aws/cluster", Value: "one-cls-1" }], "one-cls-1")).toBe(true);
  expect(belongsTo([{ Key: "eks:eks-cluster-name", Value: "one-cls-10" }], "one-cls-1")).toBe(false);
  expect(belongsTo([{ Key: "Name", Value: "one-cls-1" }], "one-cls-1")).toBe(false);
  expect(belongsTo(undefined, "one-cls-1")).toBe(false);
});

test("what the cluster shares with others is not its own", () => {
  expect(belongsTo([{ Key: "kubernetes.io/cluster/one-cls-1", Value: "owned" }], "one-cls-1")).toBe(true);
  expect(belongsTo([{ Key: "kubernetes.io/cluster/one-cls-1", Value: "shared" }], "one-cls-1")).toBe(false);
});

test("every filter names one tag and the cluster", () => {
  for (const { Name, Values } of ownerFilters("one-cls-1")) {
    const [key, value] = [Name.replace(/^tag:/, ""), Values[0] ?? ""];
    expect(belongsTo([{ Key: key, Value: value }], "one-cls-1")).toBe(true);
  }
});
