import { expect, test } from "vitest";
import { clusterIdOf, clusterName, isOurs, ownerFilters, ownersIn, tagsOf } from "../../shared/adapters/eks/naming.ts";
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
  expect(ownersIn([{ Key: "eks:eks-cluster-name", Value: "one-cls-1" }])).toEqual(["one-cls-1"]);
  expect(ownersIn([{ Key: "elbv2.k8s.aws/cluster", Value: "one-cls-1" }])).toEqual(["one-cls-1"]);
  expect(ownersIn([{ Key: "Name", Value: "one-cls-1" }])).toEqual([]);
  expect(ownersIn(undefined)).toEqual([]);
});

test("what the cluster shares with others is not its own", () => {
  expect(ownersIn([{ Key: "kubernetes.io/cluster/one-cls-1", Value: "owned" }])).toEqual(["one-cls-1"]);
  expect(ownersIn([{ Key: "kubernetes.io/cluster/one-cls-1", Value: "shared" }])).toEqual([]);
});

test("every tag that names an owner has its filter", () => {
  const filters = ownerFilters("one-cls-*");
  expect(filters).toContainEqual({ Name: "tag:eks:eks-cluster-name", Values: ["one-cls-*"] });
  expect(filters).toContainEqual({ Name: "tag-key", Values: ["kubernetes.io/cluster/one-cls-*"] });
});
