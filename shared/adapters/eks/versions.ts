import { DescribeClusterVersionsCommand, type EKSClient } from "@aws-sdk/client-eks";
import type { VersionSupport } from "../../domain/kubernetes-version.ts";
import type { KubernetesVersions } from "../../ports/kubernetes-versions.ts";
import { faultName } from "./faults.ts";

/** Kubernetes versions as EKS offers them, asked for anew each time. */
export function eksVersions(eks: EKSClient): KubernetesVersions {
  return { supportOf: (version) => supportOf(eks, version) };
}

/** What EKS says of the version now; `undefined` for one that it does not offer. */
export async function supportOf(eks: EKSClient, version: string): Promise<VersionSupport | undefined> {
  const describe = new DescribeClusterVersionsCommand({ clusterVersions: [version], includeAll: true });
  try {
    const { clusterVersions } = await eks.send(describe);
    const found = clusterVersions?.find((it) => it.clusterVersion === version);
    if (!found?.endOfStandardSupportDate) return undefined;
    return {
      standardSupportEndsAt: found.endOfStandardSupportDate.getTime(),
      inStandardSupport: found.versionStatus === "STANDARD_SUPPORT",
    };
  } catch (error) {
    if (["InvalidParameterException", "ResourceNotFoundException"].includes(faultName(error))) return undefined;
    throw error;
  }
}
