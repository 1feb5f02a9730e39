import type { OwnerId, TenantId } from "../domain/ids.ts";

/**
 * Owners whose claims were refused for their quota a moment ago. A hint, never an answer: it may forget at any time and
 * knows nothing of other processes. An owner in it is looked up before a ticket is drawn, so that one who keeps asking
 * costs two reads instead of a ticket, a slot and a warm cluster's place.
 */
export interface RecentRefusals {
  add(tenant: TenantId, ownerId: OwnerId): void;
  has(tenant: TenantId, ownerId: OwnerId): boolean;
}
