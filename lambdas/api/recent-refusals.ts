import type { Instant } from "../../shared/domain/time.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { RecentRefusals } from "../../shared/ports/recent-refusals.ts";

/** As long as one who gives up is worth a thought; every further refusal begins it anew. */
const rememberedMilliseconds = 5_000;
const mostOwners = 1_000;

/** Refusals in this function instance's memory; beyond a thousand owners the one refused longest ago is forgotten. */
export function recentRefusals(clock: Clock): RecentRefusals {
  const until = new Map<string, Instant>();
  const keyOf = (...parts: Parameters<RecentRefusals["has"]>) => JSON.stringify(parts);
  return {
    add(...owner) {
      const key = keyOf(...owner);
      // A key that is set again would keep its old place in the order.
      until.delete(key);
      until.set(key, clock() + rememberedMilliseconds);
      const [oldest] = until.keys();
      if (until.size > mostOwners && oldest !== undefined) until.delete(oldest);
    },
    has: (...owner) => (until.get(keyOf(...owner)) ?? 0) > clock(),
  };
}
