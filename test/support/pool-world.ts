import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import type { Cluster } from "../../shared/domain/cluster.ts";
import {
  asId,
  type ClusterId,
  type OwnerId,
  type PoolId,
  type SandboxId,
  type TenantId,
} from "../../shared/domain/ids.ts";
import type { Probe, StepOutcome } from "../../shared/ports/cluster-provider.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import { claimSandbox } from "../../shared/usecases/claim-sandbox.ts";

export const poolId = asId<PoolId>("small");
export const tenant = asId<TenantId>("acme");

/** A pool in memory, and a cloud that does what `answers` says at a step, and otherwise succeeds at once. */
export function aWorld() {
  let now = Date.UTC(2026, 10, 21, 10);
  let made = 0;
  const answers = new Map<string, () => StepOutcome>();
  const calls: string[] = [];
  const act = (step: string) => async (): Promise<StepOutcome & { removed: string[]; address: typeof address }> => {
    calls.push(step);
    const answer = answers.get(step)?.() ?? { kind: "done" };
    return { removed: [step], address, ...answer } as never;
  };
  const looks = new Map<string, () => Probe>();
  const look = (step: string) => async (): Promise<Probe> => looks.get(step)?.() ?? { kind: "well" };
  const address = { endpoint: "https://127.0.0.1:6443", certificateAuthority: "Y2E=" };
  const sent: WorkMessage[] = [];
  const later: WorkMessage[] = [];
  const ports = {
    ...memoryStores(),
    clock: () => now,
    newClusterId: () => asId<ClusterId>(`cls-${++made}`),
    refill: memoryQueues().refill,
    work: {
      send: async (message: WorkMessage, delaySeconds = 0) => void (delaySeconds > 60 ? later : sent).push(message),
    },
    provider: {
      create: act("create"),
      awaitActive: act("wait"),
      grantAccess: act("access"),
      provideNodes: act("nodes"),
      inspect: look("inspect"),
      inventory: async () => ({ ...(await act("inventory")()), removed: [], found: ["cluster", "volume/vol-1"] }),
      removeCompute: act("compute"),
      removeInterfaces: act("interfaces"),
      removeCluster: act("cluster"),
      verifyGone: act("verify"),
      sweep: act("sweep"),
    },
    kubernetes: {
      bootstrap: act("bootstrap"),
      validate: act("validate"),
      probe: look("probe"),
      reach: look("reach"),
      revokeCredentials: act("revoke"),
      removeExternals: act("externals"),
    },
  };
  return {
    ports,
    answers,
    looks,
    calls,
    /** Messages due within a minute. */
    sent,
    /** The others: the next looks at clusters that are well. */
    later,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    /** Works off messages until none is left, at most `limit`. */
    async work(limit = 50) {
      for (let n = 0; n < limit; n++) {
        const message = sent.shift();
        if (message?.kind === "advanceCluster") await advanceCluster(ports, message);
        if (!message) return;
      }
    },
    async cluster(id = "cls-1"): Promise<Cluster | undefined> {
      const found = await ports.pools.getCluster(poolId, asId(id));
      return found ?? (await ports.pools.getClosedCluster(asId(id)));
    },
    claim: (key: string, over: object = {}) =>
      claimSandbox(ports, {
        sandboxId: asId<SandboxId>(`sbx_${key}`),
        requestDigest: "d",
        tenant,
        ownerId: asId<OwnerId>("ada"),
        poolId,
        reuse: "never",
        onEmpty: "queue",
        labels: {},
        metadata: {},
        parameters: {},
        ...over,
      }),
  };
}
