import { type ClusterClass, featureMeaning, hasFeature, managedComputeOf, podSecurityLevels } from "./cluster-class.ts";
import type { ConfigProblem } from "./config-problem.ts";
import { instanceKindOf } from "./instance-type.ts";

/** Longest list of instance types that EKS takes (EKS API reference, `CreateNodegroup`). */
const maxInstanceTypes = 20;
const quantity = /^\d+(\.\d+)?(m|[kMGTPE]i?)?$/;

/** Add-ons whose work EKS Auto Mode does itself (EKS user guide, "Review EKS Auto Mode release notes and add-ons"). */
const partsOfAutoMode = ["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver", "eks-pod-identity-agent"];

/**
 * Everything contradictory or out of range in a class, by the field's path within it; what exists in the cloud it does not
 * know. Types need not hold: who writes a configuration may not have compiled it.
 */
export function problemsOfClass(clusterClass: ClusterClass): ConfigProblem[] {
  const { kubernetesVersion, nodes, addons, features, isolation, manifests } = clusterClass;
  const problems: ConfigProblem[] = [];
  const require = (field: string, holds: boolean, problem: string) => holds || problems.push({ field, problem });
  const fields = ["kubernetesVersion", "nodes", "compute", "addons", "features", "isolation", "manifests"];
  for (const name of unknownFields(clusterClass, fields))
    require(name, false, `is no field; there are ${fields.join(", ")}`);

  require("kubernetesVersion", /^1\.\d{2}$/.test(kubernetesVersion), "must be a minor version such as 1.36");
  require("nodes", Number.isInteger(nodes) && nodes >= 1 && nodes <= 20, "must be a whole number from 1 to 20");
  problems.push(...problemsOfCompute(clusterClass), ...problemsOfAddons(clusterClass, addons ?? []));
  for (const [n, feature] of list(features).entries()) {
    const known = Object.keys(featureMeaning);
    require(`features[${n}]`, known.includes(
      feature,
    ), `${quoted(feature)} is no feature; there are ${known.join(", ")}`);
  }
  const isManaged = managedComputeOf(clusterClass) !== undefined;
  require("features", !(
    isManaged &&
    Array.isArray(features) &&
    hasFeature(clusterClass, "ingress")
  ), "ingress needs Auto Mode, whose load balancer controller it is; bring another controller by manifests");
  require("features", features === undefined || Array.isArray(features), "must be a list");
  problems.push(...problemsOfIsolation(isolation));
  for (const [n, file] of list(manifests).entries()) {
    require(`manifests[${n}]`, typeof file === "string" && file !== "", "must be the path of a file");
  }
  require("manifests", manifests === undefined || Array.isArray(manifests), "must be a list");
  return problems;
}

function problemsOfCompute({ compute }: ClusterClass): ConfigProblem[] {
  if (compute === undefined || compute === "auto") return [];
  const types: readonly unknown[] | undefined = compute?.instanceTypes;
  if (!Array.isArray(types)) return [{ field: "compute", problem: 'must be "auto" or { instanceTypes: [...] }' }];
  const problems = unknownFields(compute, ["instanceTypes"]).map((name) => ({
    field: `compute.${name}`,
    problem: "is no field; there is instanceTypes",
  }));
  if (types.length === 0 || types.length > maxInstanceTypes) {
    problems.push({ field: "compute.instanceTypes", problem: `must name 1 to ${maxInstanceTypes} instance types` });
  }
  const first = String(types[0]);
  for (const [n, type] of types.entries()) {
    const field = `compute.instanceTypes[${n}]`;
    if (typeof type !== "string" || !/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type)) {
      problems.push({ field, problem: `${quoted(type)} is no instance type, such as m7i.large` });
    } else if (instanceKindOf(type) !== instanceKindOf(first)) {
      problems.push({ field, problem: `${type} needs another image than ${first}: one node group has one` });
    }
  }
  return problems;
}

function problemsOfAddons(clusterClass: ClusterClass, addons: ClusterClass["addons"] & {}): ConfigProblem[] {
  if (!Array.isArray(addons)) return [{ field: "addons", problem: "must be a list" }];
  const isAuto = managedComputeOf(clusterClass) === undefined;
  return addons.flatMap((addon, n): ConfigProblem[] => {
    const at = `addons[${n}]`;
    const { name, version, ...others } = addon ?? {};
    const problems = Object.keys(others).map((it) => ({
      field: `${at}.${it}`,
      problem: "is no field; there are name, version",
    }));
    if (typeof name !== "string" || !/^[0-9a-z][0-9a-z_-]*$/i.test(name)) {
      return [...problems, { field: `${at}.name`, problem: `${quoted(name)} is no add-on's name` }];
    }
    if (version !== undefined && !/^v\d+\.\d+/.test(version)) {
      problems.push({
        field: `${at}.version`,
        problem: `${quoted(version)} is no add-on's version, such as v1.2.3-eksbuild.1`,
      });
    }
    if (isAuto && partsOfAutoMode.includes(name)) {
      problems.push({ field: `${at}.name`, problem: `${name} is a part of Auto Mode: leave it out` });
    }
    if (addons.findIndex((it) => it?.name === name) < n) {
      problems.push({ field: `${at}.name`, problem: `${name} is named twice` });
    }
    return problems;
  });
}

function problemsOfIsolation(isolation: ClusterClass["isolation"]): ConfigProblem[] {
  if (isolation === undefined) return [];
  const { podSecurity, quota, requests, ingressFrom } = isolation;
  const problems: ConfigProblem[] = [];
  const report = (field: string, problem: string) => problems.push({ field: `isolation.${field}`, problem });
  const fields = ["podSecurity", "quota", "requests", "ingressFrom"];
  for (const name of unknownFields(isolation, fields)) report(name, `is no field; there are ${fields.join(", ")}`);
  if (podSecurity !== undefined && !podSecurityLevels.includes(podSecurity)) {
    report("podSecurity", `${quoted(podSecurity)} is no level; there are ${podSecurityLevels.join(", ")}`);
  }
  if (ingressFrom !== undefined && ingressFrom !== "anywhere" && ingressFrom !== "namespace") {
    report("ingressFrom", `${quoted(ingressFrom)} is neither anywhere nor namespace`);
  }
  for (const [group, quantities] of Object.entries({ quota, requests })) {
    for (const [name, value] of Object.entries(quantities ?? {})) {
      if (typeof value !== "string" || !quantity.test(value)) {
        report(`${group}.${name}`, `${quoted(value)} is no quantity, such as "10", "500m" or "2Gi"`);
      }
    }
  }
  return problems;
}

function unknownFields(value: object, known: readonly string[]): string[] {
  return Object.keys(value).filter((it) => !known.includes(it));
}

function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
