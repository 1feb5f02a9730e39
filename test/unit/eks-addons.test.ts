import { expect, test } from "vitest";
import { addonsOf } from "../../shared/adapters/eks/addons.ts";
import { areOfCapacity, describeIssues } from "../../shared/adapters/eks/issues.ts";
import type { ClusterClass } from "../../shared/domain/cluster-class.ts";

const auto: ClusterClass = { kubernetesVersion: "1.36", nodes: 1 };
const managed: ClusterClass = { ...auto, compute: { instanceTypes: ["m7i.large"] } };

test("Auto Mode gets the class's own add-ons only", () => {
  expect(addonsOf(auto, "c")).toEqual([]);
  expect(addonsOf({ ...auto, addons: [{ name: "metrics-server" }] }, "c")).toEqual([{ name: "metrics-server" }]);
});

test("a managed node group gets its network first, its volumes as the class wants, and the versions that the class names", () => {
  expect(addonsOf({ ...managed, addons: [{ name: "coredns", version: "v1.13.1" }, { name: "adot" }] }, "c")).toEqual([
    { name: "vpc-cni", configuration: { enableNetworkPolicy: "true" } },
    { name: "kube-proxy" },
    { name: "coredns", version: "v1.13.1" },
    { name: "eks-pod-identity-agent" },
    {
      name: "aws-ebs-csi-driver",
      storageAccount: "ebs-csi-controller-sa",
      configuration: { controller: { extraVolumeTags: { "eks:eks-cluster-name": "c" } } },
    },
    { name: "adot" },
  ]);
  const bare = addonsOf({ ...managed, features: [] }, "c");
  expect(bare).toEqual([{ name: "vpc-cni" }, { name: "kube-proxy" }, { name: "coredns" }]);
});

test.each([
  ["InstanceLimitExceeded", "", true],
  ["InsufficientFreeAddresses", "", true],
  ["AsgInstanceLaunchFailures", "You have requested more vCPU capacity (VcpuLimitExceeded)", true],
  ["AsgInstanceLaunchFailures", "InsufficientInstanceCapacity", true],
  ["AsgInstanceLaunchFailures", "The security token is invalid", false],
  ["NodeCreationFailure", "Instances failed to join", false],
])("an issue %s (%s) means that there is no room: %s", (code, message, expected) => {
  expect(areOfCapacity({ issues: [{ code, message }] })).toBe(expected);
});

test("issues are told in one line", () => {
  expect(describeIssues({ issues: [{ code: "A", message: "b" }, { code: "C" }] })).toBe("A: b; C");
  expect(describeIssues(undefined)).toBe("no reason given");
});
