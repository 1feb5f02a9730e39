import { describe, expect, it, test } from "vitest";
import { type ClusterClass, hasFeature, isolationOf } from "../../shared/domain/cluster-class.ts";
import { problemsOfClass } from "../../shared/domain/cluster-class-problems.ts";
import { instanceKindOf } from "../../shared/domain/instance-type.ts";
import { judgeVersion } from "../../shared/domain/kubernetes-version.ts";
import { describeManifest, inOrderOfNeed, problemOfManifest } from "../../shared/domain/manifest.ts";

const plain: ClusterClass = { kubernetesVersion: "1.36", nodes: 1 };
const managed: ClusterClass = { ...plain, compute: { instanceTypes: ["m7i.large"] } };
const problems = (change: object) =>
  problemsOfClass({ ...plain, ...change }).map(({ field, problem }) => `${field}: ${problem}`);

describe("a cluster class", () => {
  it("need not say what does not differ", () => {
    expect(problemsOfClass(plain)).toEqual([]);
    expect(hasFeature(plain, "ingress")).toBe(true);
    expect(hasFeature(managed, "ingress")).toBe(false);
    expect(hasFeature(managed, "storage")).toBe(true);
    expect(hasFeature({ ...plain, features: [] }, "storage")).toBe(false);
    expect(isolationOf(plain)).toMatchObject({ podSecurity: "privileged", ingressFrom: "anywhere" });
    expect(isolationOf({ ...plain, isolation: { quota: {} } }).quota).toEqual({});
  });

  it("can say all of it", () => {
    const all = {
      ...managed,
      addons: [{ name: "metrics-server" }, { name: "vpc-cni", version: "v1.20.4-eksbuild.1" }],
      features: ["storage"],
      isolation: {
        podSecurity: "restricted",
        quota: { pods: "10", "requests.memory": "2.5Gi" },
        requests: { cpu: "50m" },
      },
      manifests: ["exercises/shop.yaml"],
    };
    expect(problems(all)).toEqual([]);
  });

  test.each([
    [{ nodes: 0.5 }, "nodes: must be a whole number from 1 to 20"],
    [
      { node: 1 },
      "node: is no field; there are kubernetesVersion, nodes, compute, addons, features, isolation, manifests",
    ],
    [{ compute: "manual" }, 'compute: must be "auto" or { instanceTypes: [...] }'],
    [{ compute: { instanceTypes: [] } }, "compute.instanceTypes: must name 1 to 20 instance types"],
    [
      { compute: { instanceTypes: ["large"] } },
      'compute.instanceTypes[0]: "large" is no instance type, such as m7i.large',
    ],
    [
      { compute: { instanceTypes: ["m7i.large", "m7g.large"] } },
      "compute.instanceTypes[1]: m7g.large needs another image than m7i.large: one node group has one",
    ],
    [{ compute: { instanceTypes: ["m7i.large"], spot: true } }, "compute.spot: is no field; there is instanceTypes"],
    [{ features: ["gpu"] }, 'features[0]: "gpu" is no feature; there are ingress, storage, networkPolicy'],
    [{ features: "storage" }, "features: must be a list"],
    [
      { ...managed, features: ["ingress"] },
      "features: ingress needs Auto Mode, whose load balancer controller it is; bring another controller by manifests",
    ],
    [{ addons: [null] }, "addons[0].name: nothing is no add-on's name"],
    [{ addons: [{ name: "vpc-cni" }] }, "addons[0].name: vpc-cni is a part of Auto Mode: leave it out"],
    [{ addons: [{ name: "a" }, { name: "a" }] }, "addons[1].name: a is named twice"],
    [
      { addons: [{ name: "a", version: "latest" }] },
      'addons[0].version: "latest" is no add-on\'s version, such as v1.2.3-eksbuild.1',
    ],
    [{ addons: [{ name: "a", config: {} }] }, "addons[0].config: is no field; there are name, version"],
    [
      { isolation: { podSecurity: "strict" } },
      'isolation.podSecurity: "strict" is no level; there are privileged, baseline, restricted',
    ],
    [{ isolation: { quota: { pods: 10 } } }, 'isolation.quota.pods: 10 is no quantity, such as "10", "500m" or "2Gi"'],
    [{ isolation: { ingressFrom: "nowhere" } }, 'isolation.ingressFrom: "nowhere" is neither anywhere nor namespace'],
    [
      { isolation: { quotas: {} } },
      "isolation.quotas: is no field; there are podSecurity, quota, requests, ingressFrom",
    ],
    [{ manifests: [""] }, "manifests[0]: must be the path of a file"],
  ])("names the field that cannot work: %j", (change, problem) => {
    expect(problems(change)).toEqual([problem]);
  });
});

test.each([
  ["m7i.large", "x86"],
  ["t3a.medium", "x86"],
  ["g4ad.xlarge", "x86"],
  ["m7g.large", "arm"],
  ["c6gn.large", "arm"],
  ["im4gn.large", "arm"],
  ["a1.large", "arm"],
  ["g5g.xlarge", "arm"],
  ["g6e.xlarge", "nvidia"],
  ["p5.48xlarge", "nvidia"],
  ["inf2.xlarge", "neuron"],
  ["trn1.2xlarge", "neuron"],
])("instances of type %s are of kind %s", (type, kind) => {
  expect(instanceKindOf(type)).toBe(kind);
});

describe("a Kubernetes version", () => {
  const day = (text: string) => Date.parse(text);
  const support = { standardSupportEndsAt: day("2026-12-02"), inStandardSupport: true };

  test.each([
    ["2026-10-01", "fit"],
    ["2026-11-01", "ending"],
    ["2026-12-03", "over"],
  ])("that leaves standard support on 2026-12-02 is, on %s, %s", (today, kind) => {
    expect(judgeVersion(support, day(today))).toMatchObject({ kind });
  });

  it("is judged by what the cloud says now rather than by its calendar", () => {
    expect(judgeVersion({ ...support, inStandardSupport: false }, day("2026-01-01"))).toMatchObject({ kind: "over" });
    expect(judgeVersion(undefined, day("2026-01-01"))).toEqual({ kind: "unknown" });
  });
});

describe("a manifest", () => {
  const object = (kind: string, name: string) => ({ apiVersion: "v1", kind, metadata: { name } });

  it("comes after its namespace and its kind, and otherwise in its owner's order", () => {
    const kinds = ["ConfigMap", "CustomResourceDefinition", "Widget", "Namespace", "Secret"];
    const manifests = kinds.map((kind) => ({ file: "all.yaml", object: object(kind, "x") }));
    expect(inOrderOfNeed(manifests).map((it) => it.object.kind)).toEqual([
      "Namespace",
      "CustomResourceDefinition",
      "ConfigMap",
      "Widget",
      "Secret",
    ]);
  });

  test.each([
    ["text", "is no Kubernetes object"],
    [{ kind: "Pod" }, "has no apiVersion"],
    [{ apiVersion: "v1" }, "has no kind"],
    [{ apiVersion: "v1", kind: "List", items: [] }, "is a List: write its items as documents of their own"],
    [{ apiVersion: "v1", kind: "Pod", metadata: { generateName: "x-" } }, "of kind Pod has no metadata.name"],
    [object("Pod", "Web"), "of kind Pod has capital letters in its metadata.name"],
  ])("that cannot be applied is told from one that can: %j", (document, problem) => {
    expect(problemOfManifest(document)).toBe(problem);
  });

  it("is told of with its place and its file", () => {
    const { metadata, ...rest } = object("ConfigMap", "settings");
    const named = { file: "shop.yaml", object: { ...rest, metadata: { ...metadata, namespace: "shop" } } };
    expect(describeManifest(named)).toBe("ConfigMap shop/settings (shop.yaml)");
  });
});
