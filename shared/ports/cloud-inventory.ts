import type { ClusterId } from "../domain/ids.ts";
import type { CloudLook } from "../domain/reconcile.ts";

/**
 * All that the cloud holds with this deployment's mark, whatever the records say: clusters, and what their controllers made. Nothing
 * of another deployment in the same account is ever among it.
 */
export interface CloudInventory {
  /** @throws when any list is incomplete: what was not seen must not count as gone. */
  look(): Promise<Omit<CloudLook, "at">>;
  /** The same for one cluster. */
  lookAt(id: ClusterId): Promise<Omit<CloudLook, "at">>;
}
