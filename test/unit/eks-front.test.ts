import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { addonVersion, describeAddons } from "../../local/eks/addons.ts";
import { balancerName } from "../../local/eks/cloud/load-balancers.ts";
import { hasJoined, planNodes } from "../../local/eks/cloud/nodes.ts";
import { driversOf, gibibytes } from "../../local/eks/cloud/volumes.ts";
import { isProtected, isRepeated, keep, newCluster, type PartRecord } from "../../local/eks/cluster-record.ts";
import { operationName } from "../../local/eks/operation-names.ts";
import { operationOf } from "../../local/eks/operations.ts";
import { overlayCluster } from "../../local/eks/overlay.ts";
import { checkNodegroup } from "../../local/eks/part-requests.ts";
import { desiredSize, livingParts, partIssues, partStatus } from "../../local/eks/part-status.ts";
import { defaultDurations } from "../../local/eks/settings.ts";
import { inTurn } from "../../local/eks/turns.ts";
import { describeVersions, isOffered } from "../../local/eks/versions.ts";

const body = {
  name: "one",
  clientRequestToken: "token",
  computeConfig: { enabled: true, nodePools: ["system"] },
  kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
  deletionProtection: true,
  tags: { a: "1" },
};
const answer = {
  name: "one",
  status: "ACTIVE",
  endpoint: "https://emulator",
  certificateAuthority: { data: "" },
  kubernetesNetworkConfig: { ipFamily: "ipv4" },
};
const record = newCluster(body, answer, 0);
const address = { endpoint: "https://127.0.0.1:6443", caData: "Y2E=" };

test("a cluster is described as EKS would, not as the emulator does", () => {
  expect(overlayCluster(answer, record, undefined)).toEqual({
    name: "one",
    status: "CREATING",
    computeConfig: { enabled: true, nodePools: ["system"] },
    kubernetesNetworkConfig: { ipFamily: "ipv4", elasticLoadBalancing: { enabled: true } },
    deletionProtection: true,
    accessConfig: { authenticationMode: "CONFIG_MAP", bootstrapClusterCreatorAdminPermissions: true },
    upgradePolicy: { supportType: "EXTENDED" },
    tags: { a: "1" },
    health: { issues: [] },
  });
  expect(overlayCluster(answer, { ...record, status: "ACTIVE" }, address)).toMatchObject({
    status: "ACTIVE",
    endpoint: address.endpoint,
    certificateAuthority: { data: address.caData },
  });
});

test("an update changes what it names", () => {
  const changed = keep(record.kept, { deletionProtection: false, computeConfig: { nodePools: [] } });
  expect(changed).toMatchObject({ deletionProtection: false, computeConfig: { enabled: true, nodePools: [] } });
  expect(isProtected(record)).toBe(true);
  expect(isProtected({ ...record, kept: changed })).toBe(false);
});

test("a create call is repeated by the same token and body, in whatever order", () => {
  const { name, ...rest } = body;
  expect(isRepeated(record, { ...rest, name })).toBe(true);
  expect(isRepeated(record, { ...body, clientRequestToken: "other" })).toBe(false);
  expect(isRepeated(record, { ...body, tags: {} })).toBe(false);
  expect(isRepeated(newCluster({ name }, answer, 0), { name })).toBe(false);
});

const durations = { ...defaultDurations, createPart: 10, deletePart: 5 };
const addon: PartRecord = { kind: "addon", name: "a", createdAt: 100, request: { digest: "" }, answer: {} };
const group: PartRecord = { ...addon, kind: "nodegroup", name: "g", answer: { scalingConfig: { desiredSize: 2 } } };

test("an add-on's status follows from the clock", () => {
  expect(partStatus(addon, durations, 109)).toBe("CREATING");
  expect(partStatus(addon, durations, 110)).toBe("ACTIVE");
  expect(partStatus({ ...addon, deletedAt: 200 }, durations, 204)).toBe("DELETING");
  expect(partStatus({ ...addon, deletedAt: 200 }, durations, 205)).toBe("GONE");
  const cluster = { ...record, parts: [addon, { ...addon, name: "b", deletedAt: 200 }] };
  expect(livingParts(cluster, "addon", durations, 300).map((it) => it.name)).toEqual(["a"]);
  expect(livingParts(cluster, "nodegroup", durations, 300)).toEqual([]);
});

test("an add-on with replicas is DEGRADED until there is a node for them", () => {
  const replicas: PartRecord = { ...addon, name: "coredns" };
  expect(partStatus(replicas, durations, 109)).toBe("CREATING");
  expect(partStatus(replicas, durations, 110)).toBe("DEGRADED");
  expect(partIssues(replicas, "DEGRADED")).toMatchObject([{ code: "InsufficientNumberOfReplicas" }]);
  expect(partStatus({ ...replicas, joinedAt: 105 }, durations, 110)).toBe("ACTIVE");
  expect(hasJoined(replicas, [])).toBe(false);
  const ready = { ...node("a"), status: { conditions: [{ type: "Ready", status: "True" }] } };
  expect(hasJoined(replicas, [node("b"), ready])).toBe(true);
});

test("a node group is ACTIVE with its nodes, and gone without them, or when EKS has waited for long", () => {
  expect(partStatus(group, durations, 1_000)).toBe("CREATING");
  expect(partStatus({ ...group, joinedAt: 105 }, durations, 109)).toBe("CREATING");
  expect(partStatus({ ...group, joinedAt: 105 }, durations, 110)).toBe("ACTIVE");
  const deleted = { ...group, joinedAt: 105, deletedAt: 200 };
  expect(partStatus(deleted, durations, 205)).toBe("DELETING");
  expect(partStatus({ ...deleted, emptiedAt: 203 }, durations, 205)).toBe("GONE");
  expect(partStatus(deleted, durations, 205 + 10_000)).toBe("GONE");
  expect([group, deleted].map(desiredSize)).toEqual([2, 0]);
});

test("a part that fails tells why", () => {
  const issue = { code: "NodeCreationFailure", message: "none joined" };
  const failed: PartRecord = { ...group, createFailure: { status: "CREATE_FAILED", issue } };
  expect([partStatus(failed, durations, 109), partStatus(failed, durations, 110)]).toEqual([
    "CREATING",
    "CREATE_FAILED",
  ]);
  expect([partIssues(failed, "CREATING"), partIssues(failed, "CREATE_FAILED")]).toEqual([[], [issue]]);
  expect(desiredSize(failed)).toBe(0);
  const kept: PartRecord = { ...group, joinedAt: 105, deletedAt: 200, deleteFailure: issue };
  expect([partStatus(kept, durations, 204), partStatus(kept, durations, 205)]).toEqual(["DELETING", "DELETE_FAILED"]);
  expect(partIssues(kept, "DELETE_FAILED")).toEqual([issue]);
});

const refusalOf = (check: () => unknown): unknown => {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};

test("a node group that EKS would refuse is refused", () => {
  const subnets = [{ id: "subnet-a", vpcId: "vpc", availabilityZone: "us-east-1a" }];
  const fine = { nodeRole: "arn", subnets: ["subnet-a"], instanceTypes: ["m7i.large", "u-6tb1.112xlarge"] };
  const refused = (change: object) => refusalOf(() => checkNodegroup({ ...fine, ...change }, subnets));
  expect(refused({ scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 2 } })).toBeUndefined();
  expect(refused({ nodeRole: undefined })).toContain("nodeRole");
  expect(refused({ subnets: [] })).toContain("Subnets");
  expect(refused({ subnets: ["subnet-b"] })).toContain("subnet-b");
  expect(refused({ instanceTypes: ["m7i.large", "m7i.huge"] })).toContain("[m7i.huge]");
  expect(refused({ scalingConfig: { minSize: 3, maxSize: 2 } })).toContain("3");
  expect(refused({ scalingConfig: { maxSize: 2, desiredSize: 3 } })).toContain("3");
  expect(refused({ scalingConfig: { minSize: 2, desiredSize: 1 } })).toContain("2");
});

test("add-ons have names and versions that can be asked for", () => {
  const [newest = ""] = ["coredns"].map((name) => addonVersion(name, undefined));
  expect(addonVersion("coredns", newest)).toBe(newest);
  expect(refusalOf(() => addonVersion("coredns", "v0"))).toContain("v0");
  expect(refusalOf(() => addonVersion("toString", undefined))).toContain("vpc-cni");
  const query = (text: string) => describeAddons(new URLSearchParams(text), ["1.36", "1.35"]);
  expect(query("addonName=coredns&kubernetesVersion=1.36")).toMatchObject({
    addons: [
      {
        addonName: "coredns",
        addonVersions: [{ addonVersion: newest, compatibilities: [{ clusterVersion: "1.36" }] }, {}],
      },
    ],
  });
  expect(query("kubernetesVersion=1.2")).toEqual({ addons: [] });
  expect(refusalOf(() => query("addonName=none"))).toContain("none");
});

test("claims get volumes from the drivers that the cluster has", () => {
  const subnets = [{ id: "subnet-a", vpcId: "vpc", availabilityZone: "us-east-1a" }];
  const drivers = (autoMode: boolean, addons: string[]) => driversOf({ name: "one", autoMode, subnets }, addons);
  expect(drivers(true, [])).toEqual(["ebs.csi.eks.amazonaws.com"]);
  expect(drivers(false, [])).toEqual([]);
  expect(drivers(false, ["coredns", "aws-ebs-csi-driver"])).toEqual(["ebs.csi.aws.com"]);
});

test.each([
  ["POST", "/clusters", { kind: "CreateCluster" }],
  ["GET", "/clusters", { kind: "ListClusters" }],
  ["GET", "/clusters/one", { kind: "DescribeCluster", cluster: "one" }],
  ["DELETE", "/clusters/one", { kind: "DeleteCluster", cluster: "one" }],
  ["POST", "/clusters/one/update-config", { kind: "UpdateClusterConfig", cluster: "one" }],
  ["POST", "/clusters/one/node-groups", { kind: "CreatePart", cluster: "one", part: "nodegroup" }],
  ["GET", "/clusters/one/addons", { kind: "ListParts", cluster: "one", part: "addon" }],
  ["GET", "/clusters/one/addons/dns", { kind: "DescribePart", cluster: "one", part: "addon", name: "dns" }],
  ["DELETE", "/clusters/one/node-groups/a", { kind: "DeletePart", cluster: "one", part: "nodegroup", name: "a" }],
  ["GET", "/cluster-versions", { kind: "DescribeClusterVersions" }],
  ["GET", "/addons/supported-versions", { kind: "DescribeAddonVersions" }],
  [
    "POST",
    "/tags/arn%3Aaws%3Aeks%3Ar%3A1%3Acluster%2Fone",
    { kind: "TagResource", arn: "arn:aws:eks:r:1:cluster/one" },
  ],
  ["POST", "/clusters/one/access-entries", { kind: "Other" }],
  ["POST", "/clusters/one/node-groups/a/update-config", { kind: "Other" }],
  ["POST", "/clusters/one/addons/dns/update", { kind: "Other" }],
])("%s %s is told apart", (method, path, operation) => {
  expect(operationOf(method, path)).toEqual(operation);
});

test.each([
  ["POST", "/clusters", "CreateCluster"],
  ["DELETE", "/clusters/one/node-groups/a", "DeleteNodegroup"],
  ["GET", "/clusters/one/addons", "ListAddons"],
  ["POST", "/clusters/one/access-entries", "CreateAccessEntry"],
  ["GET", "/clusters/one/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa", "DescribeAccessEntry"],
  ["POST", "/clusters/one/access-entries/arn%3Arole%2Fa/access-policies", "AssociateAccessPolicy"],
  ["DELETE", "/clusters/one/access-entries/arn%3Arole%2Fa/access-policies/arn%3Ab", "DisassociateAccessPolicy"],
  ["POST", "/clusters/one/node-groups/a/update-config", undefined],
])("%s %s is the API's %s", (method, path, name) => {
  expect(operationName(operationOf(method, path), method, path)).toBe(name);
});

test("a version is offered until its extended support ends", () => {
  const now = Date.parse("2026-11-21");
  expect(isOffered("1.36", now)).toBe(true);
  expect(isOffered("1.31", now)).toBe(true);
  expect(isOffered("1.31", Date.parse("2026-11-27"))).toBe(false);
  expect(isOffered("1.20", now)).toBe(false);
  expect(describeVersions(new URLSearchParams("clusterVersions=1.33&clusterVersions=1.34"), now)).toMatchObject({
    clusterVersions: [
      { clusterVersion: "1.34", versionStatus: "STANDARD_SUPPORT", endOfStandardSupportDate: 1_796_169_600 },
      { clusterVersion: "1.33", versionStatus: "EXTENDED_SUPPORT" },
    ],
  });
});

const subnets = [
  { id: "subnet-a", vpcId: "vpc", availabilityZone: "us-east-1a" },
  { id: "subnet-b", vpcId: "vpc", availabilityZone: "us-east-1b" },
];
const cluster = { name: "one", autoMode: true, subnets };
const node = (name: string, group?: string): V1Node => ({
  metadata: { name, ...(group !== undefined && { labels: { "eks.amazonaws.com/nodegroup": group } }) },
});
const unschedulable = (message: string): V1Pod => ({
  status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] },
});
const serials = () => {
  let last = 0;
  return () => `${++last}`;
};

test("Auto Mode starts with two nodes in different zones", () => {
  const { add, remove } = planNodes(cluster, [], [], [], serials());
  expect(add.map((it) => it.zone)).toEqual(["us-east-1a", "us-east-1b"]);
  expect(new Set(add.map((it) => it.name)).size).toBe(2);
  expect(remove).toEqual([]);
});

test("Auto Mode adds one node for pods without room, to six at most", () => {
  const nodes = ["a", "b", "c", "d", "e", "f"].map((name) => node(name));
  const full = unschedulable("0/2 nodes are available: 2 Insufficient cpu.");
  expect(planNodes(cluster, nodes.slice(0, 2), [full, full], [], serials()).add).toHaveLength(1);
  expect(planNodes(cluster, nodes.slice(0, 5), [full], [], serials()).add).toHaveLength(1);
  expect(planNodes(cluster, nodes, [full], [], serials()).add).toEqual([]);
  const picky = unschedulable("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
  expect(planNodes(cluster, nodes.slice(0, 2), [picky], [], serials()).add).toEqual([]);
});

test("a node group has its desired size until it is deleted", () => {
  const manual = { ...cluster, autoMode: false };
  expect(planNodes(manual, [node("a", "g")], [], [group], serials()).add).toHaveLength(1);
  const both = [node("a", "g"), node("b", "g")];
  expect(planNodes(manual, both, [], [{ ...group, deletedAt: 1 }], serials()).remove).toEqual(["a", "b"]);
  expect(planNodes(manual, both, [], [], serials()).remove).toEqual(["a", "b"]);
});

test("a node group's nodes have its labels, its instance type and its subnets' zones", () => {
  const answer = { ...group.answer, instanceTypes: ["m7i.large"], labels: { team: "a" }, subnets: ["subnet-b"] };
  const { add } = planNodes({ ...cluster, autoMode: false }, [], [], [{ ...group, answer }], serials());
  const labels = { team: "a", "node.kubernetes.io/instance-type": "m7i.large", "eks.amazonaws.com/nodegroup": "g" };
  expect(add).toMatchObject([
    { zone: "us-east-1b", labels },
    { zone: "us-east-1b", labels },
  ]);
});

test.each([
  ["1500Mi", 2],
  ["1Gi", 1],
  ["1", 1],
  ["10G", 10],
  ["1Ti", 1024],
])("a claim for %s is a volume of %i GiB", (quantity, size) => {
  expect(gibibytes(quantity)).toBe(size);
});

test("a load balancer's name fits ELB, and tells Services apart", () => {
  const name = (uid: string) =>
    balancerName("one", { metadata: { name: "a-long-service", namespace: "kube-system", uid } });
  expect(name("1")).toMatch(/^k8s-kubesyst-alongser-[0-9a-f]{10}$/);
  expect(name("1")).not.toBe(name("2"));
  expect(name("1")).toBe(name("1"));
});

test("what concerns one cluster happens in turn, also after a failure", async () => {
  const turns = inTurn();
  const seen: string[] = [];
  const step =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  await Promise.allSettled([turns("one", step("a", true)), turns("one", step("b"))]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});
