import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { balancerName } from "../../local/eks/cloud/load-balancers.ts";
import { planNodes } from "../../local/eks/cloud/nodes.ts";
import { gibibytes } from "../../local/eks/cloud/volumes.ts";
import { isProtected, isRepeated, keep, newCluster, type PartRecord } from "../../local/eks/cluster-record.ts";
import { operationName } from "../../local/eks/operation-names.ts";
import { operationOf } from "../../local/eks/operations.ts";
import { livingParts, overlayCluster, partStatus } from "../../local/eks/overlay.ts";
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

test("a part's status follows from the clock", () => {
  const durations = { ...defaultDurations, createPart: 10, deletePart: 5 };
  const part: PartRecord = { kind: "nodegroup", name: "a", createdAt: 100, answer: {} };
  expect(partStatus(part, durations, 109)).toBe("CREATING");
  expect(partStatus(part, durations, 110)).toBe("ACTIVE");
  expect(partStatus({ ...part, deletedAt: 200 }, durations, 204)).toBe("DELETING");
  expect(partStatus({ ...part, deletedAt: 200 }, durations, 205)).toBe("GONE");
  const cluster = { ...record, parts: [part, { ...part, name: "b", deletedAt: 200 }] };
  expect(livingParts(cluster, "nodegroup", durations, 300).map((it) => it.name)).toEqual(["a"]);
  expect(livingParts(cluster, "addon", durations, 300)).toEqual([]);
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
  const group: PartRecord = {
    kind: "nodegroup",
    name: "g",
    createdAt: 0,
    answer: { scalingConfig: { desiredSize: 2 } },
  };
  expect(planNodes(manual, [node("a", "g")], [], [group], serials()).add).toHaveLength(1);
  const both = [node("a", "g"), node("b", "g")];
  expect(planNodes(manual, both, [], [{ ...group, deletedAt: 1 }], serials()).remove).toEqual(["a", "b"]);
  expect(planNodes(manual, both, [], [], serials()).remove).toEqual(["a", "b"]);
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
