import { isStale, untouched } from "../../shared/domain/operation.ts";
import { countPool, type PoolView, targetOf } from "../../shared/domain/plan.ts";
import type { Instant } from "../../shared/domain/time.ts";
import type { PoolRead, PoolStore } from "../../shared/ports/pool-store.ts";
import { Violation } from "./scheduler.ts";

/** Throws a `Violation` at the write that goes against what operators asked of the pool. */
export function watchOperations(pools: PoolStore): PoolStore {
  let newest = { pass: 0, operation: untouched, rolls: 0 };
  let seenInPass: PoolRead[] = [];
  let closedBy = 0;
  return {
    ...pools,
    async beginPass(poolId) {
      const pass = await pools.beginPass(poolId);
      newest = { pass, operation: await pools.getOperation(poolId), rolls: 0 };
      seenInPass = [];
      return pass;
    },
    async readPool(poolId) {
      const view = await pools.readPool(poolId);
      if (view) seenInPass.push(view);
      return view;
    },
    async createCluster(cluster, pass) {
      const created = await pools.createCluster(cluster, pass);
      const { mode, version } = newest.operation;
      const unchanged = (await pools.getOperation(cluster.poolId)).version === version;
      if (created && pass === newest.pass && mode !== "open" && unchanged) {
        throw new Violation(`nothing is created while ${mode}`, `${cluster.id} was, by pass ${pass}`);
      }
      return created;
    },
    async withdrawCluster(cluster, slot, pass) {
      const before = await pools.getCluster(cluster.poolId, cluster.id);
      const drained = await pools.withdrawCluster(cluster, slot, pass);
      if (!drained || before?.state !== "available" || cluster.state !== "draining" || cluster.reason !== "stale")
        return drained;
      newest.rolls++;
      if (newest.rolls > 1) throw new Violation("one stale cluster at a time", `${cluster.id} is the second of a pass`);
      if (!seenInPass.some((view) => countPool(view).available > leastReady(view))) {
        throw new Violation("the ready floor holds", `${cluster.id} was rolled`);
      }
      return drained;
    },
    async setGate(poolId, closed, version) {
      const set = await pools.setGate(poolId, closed, version);
      if (set && closed) closedBy = Math.max(closedBy, version);
      return set;
    },
    async drawTicket(poolId, ...args) {
      const answer = await pools.drawTicket(poolId, ...args);
      const { mode, version } = await pools.getOperation(poolId);
      if (answer.kind === "drawn" && mode === "draining" && version === closedBy) {
        throw new Violation("a draining pool takes no claims", `ticket ${answer.ticket} was drawn`);
      }
      return answer;
    },
  };
}

/** Warm clusters that a roll must leave: the target, or one less where the ceiling has no room for the replacement. */
function leastReady(view: PoolView): number {
  const target = targetOf(view);
  return countPool(view).total < view.config.policy.maxTotal ? target : Math.min(target, Math.max(1, target - 1));
}

/** What operators asked for has come to pass when nothing is left to do. */
export function checkOperationAtRest(view: PoolView, now: Instant): void {
  const { mode } = view.operation;
  if ((view.counters.closed === true) !== (mode === "draining"))
    throw new Violation("the gate follows the mode", `closed ${view.counters.closed === true}, ${mode}`);
  const { available, total } = countPool(view);
  if (mode === "draining" && available > 0) throw new Violation("a draining pool empties", `${available} are warm`);
  const stale = view.clusters.filter((it) => it.state === "available" && isStale(it, view, now)).length;
  const roomLeft = total < view.config.policy.maxTotal || available > Math.max(1, targetOf(view) - 1);
  if (mode === "open" && stale > 0 && roomLeft)
    throw new Violation("stale clusters are replaced", `${stale} of ${available} are stale`);
}
