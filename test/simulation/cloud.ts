import type { ClusterId } from "../../shared/domain/ids.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { ClusterProvider, Probe, StepOutcome } from "../../shared/ports/cluster-provider.ts";
import type { KubernetesAdministration } from "../../shared/ports/kubernetes-access.ts";
import type { Chance } from "./chance.ts";
import type { Scheduler } from "./scheduler.ts";

/** What the cloud holds of one cluster. */
export interface CloudCluster {
  readonly readyAt: Instant;
  readonly fails: boolean;
  /** From when until when it answers nothing, and how a cluster without an end of that dies. */
  readonly sick: { readonly from: Instant; readonly until: Instant };
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

  /** Some clusters fall ill for a while, some for good, some vanish; most never. */
  const sicknessFrom = (readyAt: Instant): CloudCluster["sick"] => {
    if (scheduler.calm || !chance.happens(troublePercent / 2)) return { from: Number.POSITIVE_INFINITY, until: 0 };
    const from = readyAt + chance.between(0, 600_000);
    return { from, until: chance.happens(50) ? Number.POSITIVE_INFINITY : from + chance.between(1_000, 600_000) };
  };
  const isSick = (id: ClusterId) => {
    if (gone(id)) return true;
    const { from, until } = clusters.get(id)?.sick ?? { from: 0, until: Number.POSITIVE_INFINITY };
    return from <= scheduler.now() && scheduler.now() < until;
  };
  const look = async (id: ClusterId): Promise<Probe> => {
    const problem = trouble();
    if (problem?.kind === "failed") return { kind: "ailing", note: problem.note };
    return isSick(id) ? { kind: "ailing", note: "no answer" } : { kind: "well" };
  };
  const provider: ClusterProvider = {
    async create(id) {
      const problem = trouble();
      if (problem) return problem;
      if (!clusters.has(id)) {
        made.set(id, (made.get(id) ?? 0) + 1);
        const readyAt = scheduler.now() + chance.between(2_000, 240_000);
        const fails = !scheduler.calm && chance.happens(troublePercent / 2);
        clusters.set(id, { readyAt, fails, sick: sicknessFrom(readyAt), goneAt: undefined });
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
    provideNodes: async () => trouble() ?? done,
    async inspect(id) {
      trouble();
      return gone(id) ? { kind: "gone", note: "not found" } : { kind: "well" };
    },
    inventory: async (id) => ({ ...(retry(trouble()) ?? done), found: gone(id) ? [] : [`cluster/${id}`] }),
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
    validate: async ({ id }) => trouble() ?? (isSick(id) ? again("no answer") : done),
    probe: ({ id }) => look(id),
    reach: ({ id }) => look(id),
    revokeCredentials: async () => retry(trouble()) ?? done,
    removeExternals: async () => ({ ...(retry(trouble()) ?? done), removed: [] }),
  };
  /** Since when nothing has answered for it; `undefined` while something does. */
  const deadSince = (id: ClusterId): Instant | undefined => {
    const cluster = clusters.get(id);
    if (!cluster || !isSick(id)) return undefined;
    const { from, until } = cluster.sick;
    // One that had recovered before it went has been dead since it went.
    const end = Math.min(scheduler.now(), cluster.goneAt ?? Number.POSITIVE_INFINITY);
    return from <= end && end < until ? from : end;
  };
  const vanish = (id: ClusterId) => {
    const cluster = clusters.get(id);
    if (cluster && !gone(id)) cluster.goneAt = scheduler.now();
  };
  const exists = (id: ClusterId) => clusters.has(id) && !gone(id);
  return { provider, kubernetes, exists, deadSince, vanish, made };
}

/** A tear-down step that fails for good ends in quarantine; here the cloud only ever stalls one. */
function retry(outcome: StepOutcome | undefined): StepOutcome | undefined {
  return outcome?.kind === "failed" ? again(outcome.note) : outcome;
}
