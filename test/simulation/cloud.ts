import type { ClusterId } from "../../shared/domain/ids.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { ClusterProvider, StepOutcome } from "../../shared/ports/cluster-provider.ts";
import type { KubernetesAdministration } from "../../shared/ports/kubernetes-access.ts";
import type { Chance } from "./chance.ts";
import type { Scheduler } from "./scheduler.ts";

/** What the cloud holds of one cluster. */
export interface CloudCluster {
  readonly readyAt: Instant;
  readonly fails: boolean;
  goneAt: Instant | undefined;
}

const again = (note: string, afterSeconds = 5) => ({ kind: "again", afterSeconds, note }) as const;
const done = { kind: "done" } as const;
const address = { endpoint: "https://cluster", certificateAuthority: "" };

/** A cloud that fails, stalls and forgets, and that counts what it was asked for. */
export function cloud(scheduler: Scheduler, chance: Chance, troublePercent: number) {
  const clusters = new Map<ClusterId, CloudCluster>();
  const made = new Map<ClusterId, number>();
  const trouble = (): StepOutcome | undefined => {
    if (scheduler.calm || !chance.happens(troublePercent)) return undefined;
    const kind = chance.between(0, 9);
    if (kind === 0) return { kind: "failed", note: "the cloud says no" };
    if (kind < 4) return { kind: "capacityBlocked", afterSeconds: 30, note: "no room" };
    if (kind < 7) throw new Error("the cloud answered 500");
    return again("not yet", chance.between(1, 60));
  };
  const gone = (id: ClusterId) => {
    const cluster = clusters.get(id);
    return !cluster || (cluster.goneAt !== undefined && cluster.goneAt <= scheduler.now());
  };

  const provider: ClusterProvider = {
    async create(id) {
      const problem = trouble();
      if (problem) return problem;
      if (!clusters.has(id)) {
        made.set(id, (made.get(id) ?? 0) + 1);
        const readyAt = scheduler.now() + chance.between(2_000, 240_000);
        clusters.set(id, { readyAt, fails: !scheduler.calm && chance.happens(troublePercent / 2), goneAt: undefined });
      }
      return done;
    },
    async awaitActive(id) {
      const problem = trouble();
      if (problem) return { ...problem, address };
      const cluster = clusters.get(id);
      if (!cluster || gone(id)) return { kind: "failed", note: "not found" };
      if (cluster.fails) return { kind: "failed", note: "FAILED" };
      return cluster.readyAt <= scheduler.now() ? { ...done, address } : again("CREATING", 10);
    },
    grantAccess: async () => trouble() ?? done,
    removeCompute: async () => ({ ...(retry(trouble()) ?? done), removed: [] }),
    removeInterfaces: async () => ({ ...(retry(trouble()) ?? done), removed: [] }),
    async removeCluster(id) {
      const problem = retry(trouble());
      if (problem) return { ...problem, removed: [] };
      const cluster = clusters.get(id);
      if (cluster && cluster.goneAt === undefined) cluster.goneAt = scheduler.now() + chance.between(1_000, 120_000);
      return { ...done, removed: [] };
    },
    verifyGone: async (id) => retry(trouble()) ?? (gone(id) ? done : again("DELETING", 10)),
    sweep: async () => ({ ...(retry(trouble()) ?? done), removed: [] }),
  };
  const kubernetes: KubernetesAdministration = {
    bootstrap: async () => trouble() ?? done,
    validate: async () => trouble() ?? done,
    revokeCredentials: async () => retry(trouble()) ?? done,
    removeExternals: async () => ({ ...(retry(trouble()) ?? done), removed: [] }),
  };
  return { provider, kubernetes, exists: (id: ClusterId) => clusters.has(id) && !gone(id), made };
}

/** A tear-down step that fails for good ends in quarantine; here the cloud only ever stalls one. */
function retry(outcome: StepOutcome | undefined): StepOutcome | undefined {
  return outcome?.kind === "failed" ? again(outcome.note) : outcome;
}
