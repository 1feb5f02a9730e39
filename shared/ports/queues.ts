import type { ClusterId, PoolId, SandboxId } from "../domain/ids.ts";
import type { Instant } from "../domain/time.ts";

/** Asks for a pass over a pool. */
export interface RefillQueue {
  /**
   * Passes of one pool never overlap. Nudges of one pool within the same second count as one, and the pass starts after that
   * second is over, so that it sees what every one of them was sent for. A lost nudge costs at most a minute.
   */
  nudge(poolId: PoolId, now: Instant): Promise<void>;
}

export type WorkMessage =
  | {
      readonly kind: "advanceCluster";
      readonly poolId: PoolId;
      readonly clusterId: ClusterId;
      /** The version that the step decided on; a message for an older one is a duplicate and is dropped. */
      readonly version: number;
    }
  | { readonly kind: "reapSandbox"; readonly sandboxId: SandboxId }
  /** Deletes what the cloud holds of a cluster without an open record; `attempts` were made before this one. */
  | { readonly kind: "removeOrphan"; readonly clusterId: ClusterId; readonly attempts: number };

/** Asks for one short step. Delivered at least once, in any order. */
export interface WorkQueue {
  /** @param delaySeconds 0 to 900, the queue's own limit; a longer wait is a chain of messages. */
  send(message: WorkMessage, delaySeconds?: number): Promise<void>;
}
