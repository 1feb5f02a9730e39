import type { PoolId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import { changePolicy, type OperatePorts, recyclePool, setPoolMode } from "../../shared/usecases/operate-pool.ts";
import type { Chance } from "./chance.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** Operators who pause, drain, resume, recycle, resize and deploy, some of them at the same time, and repeat a failed call. */
export function operators(
  count: number,
  config: PoolConfig,
  chance: Chance,
  scheduler: Scheduler,
  portsOf: (process: Process) => OperatePorts,
): void {
  const { poolId } = config;
  const rush = chance.between(0, 600_000);
  for (let n = 1; n <= count; n++) {
    const start = chance.pick([rush, chance.between(0, 600_000)]);
    scheduler.at(scheduler.now() + start, () => call(n, actionOf(config, chance), chance.between(1, 3)));
  }

  function call(n: number, action: Action, attempts: number) {
    scheduler.spawn(
      `operator ${n} ${action.name}`,
      async (process) => void (await action.act(portsOf(process), poolId)),
      (outcome) => {
        if (outcome === "done" || attempts === 1) return;
        scheduler.at(scheduler.now() + chance.between(100, 5_000), () => call(n, action, attempts - 1));
      },
    );
  }
}

interface Action {
  readonly name: string;
  readonly act: (ports: OperatePorts, poolId: PoolId) => Promise<unknown>;
}

function actionOf(config: PoolConfig, chance: Chance): Action {
  const minWarm = chance.between(0, Math.min(3, config.policy.maxTotal));
  const revision = chance.pick(["r1", "r2"]);
  return chance.pick<Action>([
    { name: "pause", act: (ports, poolId) => setPoolMode(ports, poolId, "paused") },
    { name: "drain", act: (ports, poolId) => setPoolMode(ports, poolId, "draining") },
    { name: "resume", act: (ports, poolId) => setPoolMode(ports, poolId, "open") },
    { name: "recycle", act: recyclePool },
    { name: "resize", act: (ports, poolId) => changePolicy(ports, poolId, { minWarm }) },
    { name: "deploy", act: ({ pools }) => pools.putConfig({ ...config, revision }) },
  ]);
}

/** Takes back everything that operators asked for, at once. */
export async function takeBack(pools: PoolStore, poolId: PoolId): Promise<void> {
  const version = (await pools.getOperation(poolId)).version + 1;
  await pools.saveOperation(poolId, { mode: "open", policyOverride: {}, version });
  await pools.setGate(poolId, false, version);
}
