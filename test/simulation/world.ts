import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import {
  asId,
  type ClusterId,
  type OwnerId,
  type PoolId,
  type SandboxId,
  type TenantId,
} from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { isLive } from "../../shared/domain/sandbox.ts";
import { after } from "../../shared/domain/time.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import { type ClaimOutcome, type ClaimRequest, claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import { deleteSandbox } from "../../shared/usecases/delete-sandbox.ts";
import { extendSandbox } from "../../shared/usecases/extend-sandbox.ts";
import { reapDue, reapSandbox } from "../../shared/usecases/reap-due.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { heartbeatSandbox } from "../../shared/usecases/use-sandbox.ts";
import { type Chance, chanceFrom } from "./chance.ts";
import { cloud } from "./cloud.ts";
import { overBadNetwork, type StoreFaults } from "./faults.ts";
import { checkAtRest, checkDrained, watch } from "./invariants.ts";
import { watchOperations } from "./operation-invariants.ts";
import { operators, takeBack } from "./operator.ts";
import { refillQueue, workQueue } from "./queues.ts";
import { type Crash, createScheduler, type Process, Violation } from "./scheduler.ts";

/** What a run is made of; drawn from its seed, or smaller when a failure is being shrunk. */
export interface Shape {
  readonly callers: number;
  readonly operators: number;
  readonly killPercent: number;
  readonly troublePercent: number;
  readonly faults: StoreFaults;
}

export interface Run {
  readonly seed: number;
  readonly shape: Shape;
  readonly violation?: { readonly invariant: string; readonly message: string };
  readonly trace: readonly string[];
  readonly crashes: readonly Crash[];
  readonly races: ReadonlyMap<string, number>;
}

export function shapeOf(chance: Chance): Shape {
  return {
    callers: chance.between(1, 8),
    operators: chance.pick([0, 0, 1, 3, 6]),
    killPercent: chance.pick([0, 0, 1, 3]),
    troublePercent: chance.pick([0, 0, 5, 20]),
    faults: {
      throttled: chance.pick([0, 0, 2, 5]),
      resent: chance.pick([0, 0, 3, 10]),
      lost: chance.pick([0, 0, 1, 3]),
    },
  };
}

const poolId = asId<PoolId>("small");
const maxSteps = 60_000;
const lookEverySeconds = 3 * 60;

/** Plays one seed to its rest and to the drained pool. Never throws for a broken invariant: the run carries it. */
export async function simulate(
  seed: number,
  options: { readonly shape?: Shape; readonly traced?: boolean } = {},
): Promise<Run> {
  const chance = chanceFrom(seed);
  const drawn = shapeOf(chance);
  const shape = options.shape ?? drawn;
  const scheduler = createScheduler(chance, { killPercent: shape.killPercent, traced: options.traced === true });
  const config = configOf(chance);
  const inside = memoryStores();
  await inside.pools.putConfig(config);
  const claims = new Set<SandboxId>();
  const passes: number[] = [];
  const theCloud = cloud(scheduler, chance, shape.troublePercent);
  const watched = watch(watchOperations(inside.pools), inside.sandboxes, config, claims, passes, theCloud);
  const answered = new Set<SandboxId>();
  const clock = () => scheduler.now();
  const seen = <Port extends object>(port: Port, process: Process) =>
    overBadNetwork(port, process, { scheduler, chance, faults: shape.faults });

  let clusterNumber = 0;
  const newClusterId = () => asId<ClusterId>(`cls-${++clusterNumber}`);
  const work = workQueue(scheduler, chance, (message, onEnd) => {
    const name = message.kind === "reapSandbox" ? `worker reap ${message.sandboxId}` : `worker ${message.clusterId}`;
    const main = async (process: Process) => {
      const ports = portsOf(process);
      if (message.kind === "reapSandbox") await reapSandbox(ports, message.sandboxId);
      if (message.kind === "advanceCluster") await advanceCluster(ports, message);
    };
    scheduler.spawn(name, main, onEnd);
  });
  const refill = refillQueue(scheduler, chance, (id, onEnd) => {
    const pass = async (process: Process) => {
      const begun = scheduler.now();
      await refillPool(portsOf(process), id);
      passes.push(begun);
    };
    scheduler.spawn(`refiller ${id}`, pass, onEnd);
  });
  function portsOf(process: Process) {
    return {
      pools: seen(watched.pools, process),
      sandboxes: seen(watched.sandboxes, process),
      refill: seen(refill, process),
      work: seen(work.queue, process),
      provider: seen(theCloud.provider, process),
      kubernetes: seen(theCloud.kubernetes, process),
      clock,
      newClusterId,
    };
  }

  let sweeping = true;
  const everyMinute = () => {
    if (!sweeping) return;
    void refill.nudge(poolId, clock());
    scheduler.spawn("reaper", async (process) => void (await reapDue(portsOf(process))));
    scheduler.at(after(clock(), 60), everyMinute);
  };
  everyMinute();

  for (let n = 1; n <= shape.callers; n++) {
    const start = chance.pick([0, chance.between(0, 2_000), chance.between(0, 400_000)]);
    scheduler.at(clock() + start, () => caller(n));
  }

  // Now and then a cluster goes without anybody having asked for it.
  for (let n = 0; n < 3; n++) {
    if (!chance.happens(shape.troublePercent * 2)) continue;
    scheduler.at(clock() + chance.between(0, 800_000), () => {
      const [id] = [...theCloud.made.keys()].slice(-1 - chance.between(0, 3));
      if (id) theCloud.vanish(id);
    });
  }

  operators(shape.operators, config, chance, scheduler, portsOf);

  /** A caller who claims, asks again when it gets no answer, and then uses, extends, deletes or forgets what it got. */
  function caller(n: number) {
    const request = requestOf(n, chance);
    const { tenant, sandboxId } = request;
    const invoke = (
      name: string,
      call: (process: Process) => Promise<unknown>,
      attempts: number,
      then: (answer: unknown) => void,
    ) => {
      let answer: unknown;
      scheduler.spawn(
        `${name} ${n}`,
        async (process) => {
          answer = await call(process);
        },
        (outcome) => {
          if (outcome === "done") return then(answer);
          if (attempts > 1)
            scheduler.at(clock() + chance.between(100, 5_000), () => invoke(name, call, attempts - 1, then));
        },
      );
    };
    const claimOnce = (process: Process) => claimSandbox(portsOf(process), request);
    const keep = (answer: unknown) => {
      const result = answer as Awaited<ReturnType<typeof claimSandbox>>;
      if (result.ok) answered.add((result.value as ClaimOutcome).sandbox.id);
      const times = chance.between(0, 3);
      for (let i = 0; i < times; i++) {
        const wait = chance.pick([0, chance.between(0, 5_000), chance.between(0, 900_000)]);
        scheduler.at(clock() + wait, () => useIt());
      }
    };
    const useIt = () => {
      const action = chance.pick(["heartbeat", "heartbeat", "extend", "delete", "claim"] as const);
      if (action === "claim") return invoke("claim", claimOnce, 3, () => {});
      const act = (process: Process) => {
        const ports = portsOf(process);
        if (action === "heartbeat") return heartbeatSandbox(ports, tenant, sandboxId);
        if (action === "extend") return extendSandbox(ports, tenant, sandboxId, { seconds: chance.between(1, 900) });
        return deleteSandbox(ports, tenant, sandboxId);
      };
      invoke(action, act, chance.between(1, 3), () => {});
    };
    invoke("claim", claimOnce, chance.between(1, 4), keep);
  }

  const stores = { pools: inside.pools, sandboxes: inside.sandboxes };
  try {
    await run(15 * 60, "the busy time");
    scheduler.calm = true;
    await rest();
    await drain();
    await holdsWithin(40 * 60, "the draining", () => checkDrained(inside.pools, poolId, theCloud));
    sweeping = false;
    return outcome();
  } catch (error) {
    if (error instanceof Violation) return outcome({ invariant: error.invariant, message: error.message });
    throw error;
  }

  /** Sandboxes that end by their own clock move for a while yet; what is wrong at rest stays wrong. */
  function rest() {
    return holdsWithin(80 * 60, "the way to rest", () =>
      checkAtRest(scheduler, stores, config, { claims, answered, cloud: theCloud }),
    );
  }

  /** Lets time pass until the check holds; throws what it last found when it does not within `seconds`. */
  async function holdsWithin(seconds: number, what: string, check: () => Promise<void>) {
    for (let passed = lookEverySeconds; ; passed += lookEverySeconds) {
      await run(lookEverySeconds, what);
      try {
        return await check();
      } catch (error) {
        if (passed >= seconds) throw error;
      }
    }
  }

  async function run(seconds: number, what: string) {
    if ((await scheduler.run(after(clock(), seconds), maxSteps)) === "busy")
      throw new Violation("the system comes to rest", what);
  }

  async function drain() {
    await takeBack(inside.pools, poolId);
    const none = { ...config.policy, minWarm: 0, bufferPercent: 0, trimCoolDownSeconds: 0 };
    await inside.pools.putConfig({ ...config, policy: none });
    for (const id of claims) {
      const sandbox = await inside.sandboxes.get(id);
      if (!sandbox || !isLive(sandbox)) continue;
      scheduler.spawn(
        `delete ${id}`,
        async (process) => void (await deleteSandbox(portsOf(process), sandbox.tenant, id)),
      );
    }
  }

  function outcome(violation?: Run["violation"]): Run {
    const { trace, crashes } = scheduler;
    return { seed, shape, trace, crashes, races: watched.races, ...(violation && { violation }) };
  }
}

function configOf(chance: Chance): PoolConfig {
  const maxTotal = chance.between(1, 8);
  return {
    poolId,
    description: "",
    clusterClass: { kubernetesVersion: "1.36", nodes: 1 },
    policy: {
      minWarm: chance.between(0, Math.min(3, maxTotal)),
      maxTotal,
      bufferPercent: chance.pick([0, 20, 50]),
      maxConcurrent: chance.between(1, 6),
      trimCoolDownSeconds: chance.pick([0, 60, 600]),
    },
    lease: {
      defaultTtlSeconds: 600,
      maxTtlSeconds: 1200,
      maxLifetimeSeconds: 1500,
      activationDeadlineSeconds: chance.between(30, 600),
      maxQueueSeconds: 600,
    },
    quotas: { owner: chance.between(1, 3), tenant: chance.between(1, 6) },
    health: { probeEverySeconds: 120, lostAfterSeconds: 60 },
    revision: "r1",
  };
}

function requestOf(n: number, chance: Chance): ClaimRequest {
  return {
    sandboxId: asId<SandboxId>(`sbx_${n}`),
    requestDigest: "same",
    tenant: asId<TenantId>(chance.pick(["acme", "globex"])),
    ownerId: asId<OwnerId>(chance.pick(["ada", "bob", "cyd"])),
    poolId,
    reuse: chance.happens(10) ? "owner" : "never",
    onEmpty: chance.happens(25) ? "fail" : "queue",
    ttlSeconds: chance.between(30, 900),
    labels: {},
    metadata: {},
    parameters: {},
  };
}
