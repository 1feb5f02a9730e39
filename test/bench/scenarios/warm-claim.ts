import type { Bench, Outcome } from "../bench-context.ts";
import { claim } from "../claims.ts";
import { aWarmPool } from "../warm-pool.ts";

/** The requests that one claim of a warm cluster costs, once its pool's configuration is known. */
export async function warmClaim({ table, api }: Bench): Promise<Outcome> {
  const claims = 20;
  const { poolId } = await aWarmPool(table, "warm-claim", claims + 1);
  await claim(api.url, { poolId, ownerId: "first" });
  await api.takeCount();
  for (let n = 0; n < claims; n++) await claim(api.url, { poolId, ownerId: `owner-${n}` });
  const { calls } = await api.takeCount();
  const perClaim = Object.values(calls).reduce((sum, it) => sum + it, 0) / claims;
  const which = Object.entries(calls).map(([operation, count]) => `${count / claims} ${operation}`);
  return {
    findings: [
      {
        scenario: "DynamoDB calls per warm claim",
        measure: `requests on the wire: ${which.join(", ")}`,
        value: perClaim.toFixed(2),
        aim: "≤ 3",
        met: perClaim <= 3,
      },
    ],
    data: { claims, calls },
  };
}
