import { judgeVersion, supportNoticeDays } from "../../shared/domain/kubernetes-version.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { KubernetesVersions } from "../../shared/ports/kubernetes-versions.ts";

/**
 * Refuses a Kubernetes version that the cloud will not make clusters of for long. A pool that has its version already keeps it:
 * a date on the calendar must not stand in the way of a deployment that is about something else.
 *
 * @throws naming every field, and the date.
 */
export async function checkVersions(
  versions: KubernetesVersions,
  wanted: readonly PoolConfig[],
  present: readonly PoolConfig[],
  now: Instant,
): Promise<void> {
  const problems: string[] = [];
  for (const { poolId, clusterClass } of wanted) {
    const { kubernetesVersion: version } = clusterClass;
    const before = present.find((it) => it.poolId === poolId);
    if (before?.clusterClass.kubernetesVersion === version) continue;
    const problem = problemOf(judgeVersion(await versions.supportOf(version), now));
    if (problem) problems.push(`pools.${poolId}.clusterClass.kubernetesVersion: ${version} ${problem}`);
  }
  if (problems.length > 0) throw new Error(`The pools cannot work:\n${problems.join("\n")}`);
}

function problemOf(verdict: ReturnType<typeof judgeVersion>): string | undefined {
  switch (verdict.kind) {
    case "fit":
      return undefined;
    case "unknown":
      return "is not offered by EKS in this Region";
    case "over":
      return `is out of standard support, which ended on ${day(verdict.endsAt)}: take a newer one`;
    case "ending":
      return `leaves standard support on ${day(verdict.endsAt)}, within ${supportNoticeDays} days: take a newer one`;
  }
}

function day(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10);
}
