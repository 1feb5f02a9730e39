import type { PoolId, SandboxId } from "../domain/ids.ts";
import { deadlineOf } from "../domain/lease.ts";
import type { SandboxReason } from "../domain/lifecycle.ts";
import { isLive } from "../domain/sandbox.ts";
import { after, secondsUntil } from "../domain/time.ts";
import { type EndPorts, endSandbox } from "./end-sandbox.ts";

/** The sweep's own period, in seconds: what falls due before the next sweep gets a delayed message. */
const periodSeconds = 60;

/**
 * Ends every sandbox whose deadline has passed, and asks for the others of the coming minute by delayed message, so that
 * each ends to the second. A message that comes twice, or after an extension, finds nothing to do.
 *
 * @returns how many were ended now, by reason, and how many were scheduled.
 */
export async function reapDue(
  ports: EndPorts,
): Promise<{ readonly ended: readonly { poolId: PoolId; reason: SandboxReason }[]; readonly scheduled: number }> {
  const { pools, sandboxes, work, clock } = ports;
  const ended: { poolId: PoolId; reason: SandboxReason }[] = [];
  let scheduled = 0;
  for (const { poolId } of await pools.listConfigs()) {
    for (const id of await sandboxes.listDue(poolId, after(clock(), periodSeconds))) {
      const outcome = await reapSandbox(ports, id);
      if (outcome.kind === "ended") ended.push({ poolId, reason: outcome.reason });
      if (outcome.kind === "early" && outcome.seconds <= periodSeconds) {
        await work.send({ kind: "reapSandbox", sandboxId: id }, outcome.seconds);
        scheduled++;
      }
    }
  }
  return { ended, scheduled };
}

export type ReapOutcome =
  | { readonly kind: "ended"; readonly poolId: PoolId; readonly reason: SandboxReason }
  /** Not due for `seconds`. */
  | { readonly kind: "early"; readonly seconds: number }
  /** Over already, unknown, or changed this very moment: the next sweep looks again. */
  | { readonly kind: "nothing" };

/** Ends one sandbox if its deadline has passed, as its record says now. */
export async function reapSandbox(ports: EndPorts, id: SandboxId): Promise<ReapOutcome> {
  const sandbox = await ports.sandboxes.get(id);
  if (!sandbox || !isLive(sandbox)) return { kind: "nothing" };
  const now = ports.clock();
  const deadline = deadlineOf(sandbox);
  if (deadline.at > now) return { kind: "early", seconds: secondsUntil(now, deadline.at) };
  const ended = await endSandbox(ports, sandbox, deadline.reason);
  return ended ? { kind: "ended", poolId: sandbox.poolId, reason: deadline.reason } : { kind: "nothing" };
}
