import type { JsonObject } from "./json.ts";
import { invalidParameter, type Refusal } from "./refusal.ts";

interface Addon {
  readonly type: string;
  /** Newest first; the first is the default. */
  readonly versions: readonly string[];
  /** Whether it runs replicas, for which it needs a node, and not just one pod on each node that there is. */
  readonly needsNode?: true;
}

/** The add-ons by AWS that a cluster of a pool is likely to want, each for every Kubernetes version. */
const addons: Readonly<Record<string, Addon>> = {
  "vpc-cni": { type: "networking", versions: ["v1.21.1-eksbuild.1", "v1.20.4-eksbuild.2"] },
  coredns: { type: "networking", versions: ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"], needsNode: true },
  "kube-proxy": { type: "networking", versions: ["v1.36.0-eksbuild.2", "v1.35.0-eksbuild.2"] },
  "eks-pod-identity-agent": { type: "security", versions: ["v1.3.10-eksbuild.1", "v1.3.9-eksbuild.5"] },
  "eks-node-monitoring-agent": { type: "observability", versions: ["v1.4.2-eksbuild.1"] },
  "aws-ebs-csi-driver": { type: "storage", versions: ["v1.54.0-eksbuild.1", "v1.53.0-eksbuild.1"], needsNode: true },
  "aws-efs-csi-driver": { type: "storage", versions: ["v2.1.15-eksbuild.1"], needsNode: true },
  "snapshot-controller": { type: "storage", versions: ["v8.3.0-eksbuild.1"], needsNode: true },
  "metrics-server": { type: "observability", versions: ["v0.8.0-eksbuild.5"], needsNode: true },
  "amazon-cloudwatch-observability": { type: "observability", versions: ["v4.7.0-eksbuild.1"], needsNode: true },
};

/** Whether an add-on is DEGRADED for as long as the cluster has no node that is Ready. */
export function needsNode(name: string): boolean {
  return Object.hasOwn(addons, name) && addons[name]?.needsNode === true;
}

/** The version of an add-on that a create call gets. @throws Refusal for an add-on or version that there is none of. */
export function addonVersion(name: string, asked: string | undefined): string {
  const versions = known(name).versions;
  if (asked !== undefined && !versions.includes(asked)) {
    throw invalidParameter(`Addon version specified is not supported: ${asked}. ${name} has ${versions.join(", ")}.`);
  }
  return asked ?? versions[0] ?? "";
}

/** The answer to `DescribeAddonVersions`, which lists all add-ons or one. @throws Refusal for an unknown one. */
export function describeAddons(query: URLSearchParams, kubernetesVersions: readonly string[]): JsonObject {
  const name = query.get("addonName");
  if (name !== null) known(name);
  const asked = query.get("kubernetesVersion");
  const compatible = kubernetesVersions.filter((it) => asked === null || it === asked);
  const listed = Object.entries(addons).filter(([addonName]) => name === null || addonName === name);
  return {
    addons: compatible.length === 0 ? [] : listed.map(([addonName, addon]) => described(addonName, addon, compatible)),
  };
}

function described(addonName: string, { type, versions }: Addon, compatible: readonly string[]): JsonObject {
  return {
    addonName,
    type,
    publisher: "eks",
    owner: "aws",
    addonVersions: versions.map((addonVersion, index) => ({
      addonVersion,
      architecture: ["amd64", "arm64"],
      compatibilities: compatible.map((clusterVersion) => ({
        clusterVersion,
        platformVersions: ["*"],
        defaultVersion: index === 0,
      })),
      requiresConfiguration: false,
    })),
  };
}

function known(name: string): Addon {
  const addon = Object.hasOwn(addons, name) ? addons[name] : undefined;
  if (addon === undefined) throw unknownAddon(name);
  return addon;
}

function unknownAddon(name: string): Refusal {
  return invalidParameter(`Addon ${name} specified is not supported. There are ${Object.keys(addons).join(", ")}.`);
}
