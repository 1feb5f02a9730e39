import { InstanceClass, InstanceSize, InstanceType } from "aws-cdk-lib/aws-ec2";
import { KubernetesVersion } from "aws-cdk-lib/aws-eks-v2";
import { type ClusterClass, managedComputeOf } from "../shared/domain/cluster-class.ts";
import type { ConfigProblem } from "../shared/domain/config-problem.ts";

/** Kubernetes versions, families and sizes of instances that the CDK in use knows; it knows those of the day it was released. */
const versions = Object.values(KubernetesVersion).flatMap((it) => (it instanceof KubernetesVersion ? it.version : []));
const families = new Set(
  Object.values(InstanceClass).map((it) => InstanceType.of(it, InstanceSize.LARGE).toString().split(".")[0]),
);
const sizes: readonly string[] = Object.values(InstanceSize);

/** Add-ons by AWS and of the community (EKS user guide, "AWS add-ons" and "Community add-ons"). */
const addons: readonly string[] = [
  "adot",
  "amazon-cloudwatch-observability",
  "amazon-sagemaker-hyperpod-taskgovernance",
  "aws-ebs-csi-driver",
  "aws-efs-csi-driver",
  "aws-fsx-csi-driver",
  "aws-guardduty-agent",
  "aws-mountpoint-s3-csi-driver",
  "aws-network-flow-monitoring-agent",
  "aws-privateca-connector-for-kubernetes",
  "aws-secrets-store-csi-driver-provider",
  "cert-manager",
  "coredns",
  "eks-node-monitoring-agent",
  "eks-pod-identity-agent",
  "external-dns",
  "fluent-bit",
  "kube-proxy",
  "kube-state-metrics",
  "metrics-server",
  "prometheus-node-exporter",
  "snapshot-controller",
  "vpc-cni",
];
/** Add-ons of the AWS Marketplace are named `<vendor>_<product>`; which there are only the Region knows. */
const fromMarketplace = /^[a-z0-9-]+_[a-z0-9_-]+$/;

const newer = "or update aws-cdk-lib, should it be newer";

/** What a class names that does not exist, as far as can be told without asking the cloud; its form is checked elsewhere. */
export function unknownNames(clusterClass: ClusterClass): ConfigProblem[] {
  const { kubernetesVersion } = clusterClass;
  const problems: ConfigProblem[] = [];
  if (/^1\.\d{2}$/.test(kubernetesVersion) && !versions.includes(kubernetesVersion)) {
    const known = `${versions[0]} to ${versions.at(-1)}`;
    problems.push({
      field: "kubernetesVersion",
      problem: `${kubernetesVersion} is unknown: take one of ${known}, ${newer}`,
    });
  }
  for (const [n, type] of list(managedComputeOf(clusterClass)?.instanceTypes).entries()) {
    const [family = "", size = ""] = String(type).split(".");
    const field = `compute.instanceTypes[${n}]`;
    if (size === "") continue;
    if (!families.has(family))
      problems.push({ field, problem: `${family} is no family of EC2 instances: mend it, ${newer}` });
    else if (!sizes.includes(size))
      problems.push({ field, problem: `${size} is no size: there are ${sizes.join(", ")}` });
  }
  for (const [n, addon] of list(clusterClass.addons).entries()) {
    const name = String(addon?.name);
    if (addons.includes(name) || fromMarketplace.test(name)) continue;
    const known = addons.join(", ");
    problems.push({
      field: `addons[${n}].name`,
      problem: `${name} is no EKS add-on: there are ${known}, and <vendor>_<product> of the Marketplace`,
    });
  }
  return problems;
}

function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}
