import type { ClusterIn } from "../domain/cluster.ts";
import type { Health } from "../domain/health.ts";
import { matched } from "../domain/sandbox.ts";
import { oldestHole } from "../domain/slot.ts";
import type { Instant } from "../domain/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";

export interface PlacePorts {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
  readonly clock: Clock;
}

/** Slots that one call tries at most; beyond it the refiller's next pass goes on. */
const maxTries = 5;

/**
 * Makes a validated cluster `available` in a slot, and matches it if somebody waits there. The oldest hole comes first, so
 * that a sandbox whose cluster failed keeps its place in line; otherwise the next number.
 *
 * The record names its slot before the slot names the cluster: a crash in between leaves a cluster that the refiller
 * sees without its slot, never one in two slots.
 *
 * @param health what was last seen of it.
 * @returns the record that was placed, matched or not; `undefined` when somebody else changed the cluster meanwhile.
 */
export async function placeCluster(
  ports: PlacePorts,
  cluster: ClusterIn<"validating" | "available">,
  health: Health,
): Promise<ClusterIn<"available"> | undefined> {
  const { pools, clock } = ports;
  let placed: ClusterIn<"available"> | undefined;
  for (let tries = 0; tries < maxTries; tries++) {
    const slot = await chooseSlot(pools, cluster);
    placed = available(placed ?? cluster, slot, health, clock());
    if (!(await pools.saveCluster(placed))) return undefined;
    if (await settle(ports, placed)) return placed;
  }
  return placed;
}

/**
 * Writes an available cluster into the slot that its record names, and matches it if somebody waits there. Repeatable.
 *
 * @returns `false` when that slot is not to be had; the cluster then needs another.
 */
export async function settle(ports: PlacePorts, cluster: ClusterIn<"available">): Promise<boolean> {
  const { pools, clock } = ports;
  const half = { clusterId: cluster.id, since: clock() };
  const taken = await pools.takeSlotForCluster(cluster.poolId, cluster.slot, half);
  if (taken.kind === "refused") return false;
  if (taken.slot.sandbox) await completeMatch(ports, cluster, taken.slot.sandbox);
  return true;
}

/**
 * Completes the match of a slot that holds both halves. Leaves it to the claim when its record is not written yet, and
 * frees the slot from a half that turns out to be void.
 */
export async function completeMatch(
  { pools, sandboxes, clock }: PlacePorts,
  cluster: ClusterIn<"available">,
  half: { readonly sandboxId: Parameters<SandboxStore["get"]>[0]; readonly countedTicket: number },
): Promise<"matched" | "left" | "void"> {
  const { poolId, slot } = cluster;
  const sandbox = await sandboxes.get(half.sandboxId);
  if (!sandbox) return "left";
  if (sandbox.state !== "pending" || sandbox.ticket !== slot) {
    await pools.leaveSlot(poolId, slot, half.sandboxId);
    return "void";
  }
  const now = clock();
  const { countedTicket } = half;
  const ready = matched(sandbox, cluster.id, now);
  // The owner's quota was taken when the sandbox was queued; the match of a recorded sandbox does not ask for it.
  const ownerQuota = Number.MAX_SAFE_INTEGER;
  const answer = await pools.match({ slot, clusterId: cluster.id, sandbox: ready, countedTicket, ownerQuota, now });
  if (answer.kind === "clusterMoved") await pools.dropCluster(poolId, slot, cluster.id);
  return answer.kind === "matched" ? "matched" : "void";
}

async function chooseSlot(pools: PoolStore, { poolId }: ClusterIn<"validating" | "available">): Promise<number> {
  const { head, tail } = await pools.getCounters(poolId);
  // Nobody waits beyond the last ticket, and no cluster has passed by beyond the last slot: the warm ones are not read.
  const slots = await pools.readSlots(poolId, Math.min(head, tail));
  return oldestHole(slots, tail) ?? pools.nextSlot(poolId);
}

function available(
  cluster: ClusterIn<"validating" | "available">,
  slot: number,
  health: Health,
  now: Instant,
): ClusterIn<"available"> {
  const { id, poolId, revision, createdAt, version, availableAt = now } = cluster;
  const base = { id, poolId, revision, createdAt, updatedAt: now, version: version + 1 };
  return { ...base, state: "available", slot, availableAt, health };
}
