import { again, enter, isOverBudget, stepAfter, type TeardownStep, teardownSteps } from "../domain/checklist.ts";
import type { ClusterIn, TeardownReport } from "../domain/cluster.ts";
import { close } from "../domain/lease.ts";
import type { Instant } from "../domain/time.ts";
import type { Held, Removed, StepOutcome } from "../ports/cluster-provider.ts";
import type { KubernetesTarget } from "../ports/kubernetes-access.ts";
import { type AdvanceOutcome, type AdvancePorts, attemptStep, sendNext } from "./cluster-step.ts";
import { removeFromCloud } from "./remove-from-cloud.ts";

type TearingDown = ClusterIn<"draining" | "deleting">;

/** What a step tells for the report. */
type Seen = Partial<Held & Removed>;

/** One step from `draining` toward `deleted`. Capacity is free only after the last: the cloud says gone, and nothing stayed. */
export async function tearDown(ports: AdvancePorts, cluster: TearingDown): Promise<AdvanceOutcome> {
  const { clock } = ports;
  const { progress } = cluster;
  const { step } = progress;
  const config = await ports.pools.getConfig(cluster.poolId);
  if (isOverBudget(progress, clock(), config?.stepBudgets)) {
    const note = `${step} took longer than its budget; last seen: ${progress.note ?? "nothing"}`;
    const mayProceed = teardownSteps.find((it) => it.step === step)?.overBudget === "proceed";
    return mayProceed ? advance(ports, cluster, {}) : quarantine(ports, cluster, note);
  }
  const outcome = await attemptStep(() => attempt(ports, cluster));
  switch (outcome.kind) {
    case "done":
      return advance(ports, cluster, outcome);
    case "failed":
      return quarantine(ports, cluster, outcome.note);
    case "again":
    case "capacityBlocked": {
      const { afterSeconds, note } = outcome;
      const seen = "removed" in outcome ? { removed: outcome.removed ?? [] } : {};
      const waiting: TearingDown = {
        ...cluster,
        report: reported(cluster.report, seen, clock()),
        progress: again(progress, clock(), afterSeconds, note),
        updatedAt: clock(),
        version: cluster.version + 1,
      };
      if (!(await ports.pools.saveCluster(waiting))) return { kind: "nothing" };
      await sendNext(ports.work, waiting, afterSeconds);
      const blocked = outcome.kind === "capacityBlocked";
      return { kind: "waiting", step, note, blocked, ...("error" in outcome && { error: outcome.error }) };
    }
  }
}

const nothingToDo = { kind: "done" } as const;

async function attempt(
  { provider, kubernetes, pools }: AdvancePorts,
  { id, progress }: TearingDown,
): Promise<StepOutcome<Seen>> {
  /** Without an address the cloud never told one: there is no API server to ask. */
  const ifReachable = async <Facts>(step: (target: KubernetesTarget) => Promise<StepOutcome<Facts>>) => {
    const address = await pools.getAddress(id);
    return address ? step({ id, ...address }) : nothingToDo;
  };
  switch (progress.step) {
    case "revoke":
      return ifReachable(kubernetes.revokeCredentials);
    case "inventory":
      return provider.inventory(id);
    case "externals":
      return ifReachable(kubernetes.removeExternals);
    case "compute":
    case "interfaces":
    case "cluster":
    case "verify":
    case "sweep":
      return removeFromCloud(provider, id, progress.step);
  }
}

async function advance(ports: AdvancePorts, cluster: TearingDown, seen: Seen): Promise<AdvanceOutcome> {
  const { pools, clock, work } = ports;
  const now = clock();
  const { step } = cluster.progress;
  const report: TeardownReport = {
    ...reported(cluster.report, seen, now),
    ...(step === "verify" && { verifiedGoneAt: now }),
  };
  const next = stepAfter<TeardownStep>(teardownSteps, step);
  if (next === undefined) return finish(ports, { ...cluster, report });
  const state = teardownSteps.find((it) => it.step === next)?.state ?? "deleting";
  const advanced: TearingDown = {
    ...cluster,
    state,
    report,
    progress: enter(next, now),
    updatedAt: now,
    version: cluster.version + 1,
  };
  if (!(await pools.saveCluster(advanced))) return { kind: "nothing" };
  await sendNext(work, advanced);
  return { kind: "advanced", step };
}

/** Findings beyond this many are not listed: the record must stay small, whatever a user made. */
const maxFindings = 500;

function reported(report: TeardownReport, { found, removed = [] }: Seen, at: Instant): TeardownReport {
  const findings = removed.map((resource) => ({ resource, by: "us" as const, at }));
  return {
    ...report,
    ...(found && { found: found.slice(0, maxFindings) }),
    removed: [...report.removed, ...findings].slice(0, maxFindings),
  };
}

/**
 * The report of a cluster that is gone with everything it had: the last step's look found nothing, so what was found and not
 * removed by us went by the cloud's doing.
 */
function closed(report: TeardownReport, at: Instant): TeardownReport {
  // A full list leaves open what else was ours.
  if (report.removed.length >= maxFindings) return report;
  const ours = new Set(report.removed.map((it) => it.resource));
  const byCloud = (report.found ?? []).filter((resource) => !ours.has(resource));
  return {
    ...report,
    removed: [...report.removed, ...byCloud.map((resource) => ({ resource, by: "cloud" as const, at }))],
  };
}

/** Closes the record, and with it the sandbox that the cluster belonged to. */
async function finish(ports: AdvancePorts, cluster: TearingDown): Promise<AdvanceOutcome> {
  const { pools, sandboxes, refill, clock } = ports;
  const now = clock();
  const { progress: _, ...rest } = cluster;
  const report = closed(cluster.report, now);
  const deleted: ClusterIn<"deleted"> = {
    ...rest,
    report,
    state: "deleted",
    deletedAt: now,
    updatedAt: now,
    version: cluster.version + 1,
  };
  const sandbox = cluster.sandboxId && (await sandboxes.get(cluster.sandboxId));
  const ended = sandbox && sandbox.state === "terminating" ? close(sandbox, now) : undefined;
  if (!(await pools.closeCluster(deleted, ended))) return { kind: "nothing" };
  await refill.nudge(cluster.poolId, now);
  return { kind: "deleted", seconds: (now - cluster.drainedAt) / 1000, report };
}

async function quarantine(ports: AdvancePorts, cluster: TearingDown, note: string): Promise<AdvanceOutcome> {
  const now = ports.clock();
  const { step } = cluster.progress;
  const detail = `${step}: ${note}`;
  const version = cluster.version + 1;
  const quarantined: ClusterIn<"quarantined"> = {
    ...cluster,
    state: "quarantined",
    quarantinedAt: now,
    detail,
    updatedAt: now,
    version,
  };
  if (!(await ports.pools.saveCluster(quarantined))) return { kind: "nothing" };
  return { kind: "quarantined", step, note };
}
