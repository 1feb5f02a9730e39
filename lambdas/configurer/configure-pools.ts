import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { type ClusterClass, type PoolConfig, problemsOf } from "../../shared/domain/pool.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import type { RefillQueue } from "../../shared/ports/queues.ts";

export interface ConfigurerPorts {
  readonly pools: Pick<PoolStore, "listConfigs" | "putConfig" | "readPool">;
  readonly refill: RefillQueue;
  readonly clock: Clock;
}

const settings = z.strictObject({
  description: z.string(),
  clusterClass: z.strictObject({ kubernetesVersion: z.string(), nodes: z.number() }),
  policy: z.strictObject({
    minWarm: z.number(),
    maxTotal: z.number(),
    bufferPercent: z.number(),
    maxConcurrent: z.number(),
    trimCoolDownSeconds: z.number(),
  }),
  lease: z.strictObject({
    defaultTtlSeconds: z.number(),
    maxTtlSeconds: z.number(),
    maxLifetimeSeconds: z.number(),
    activationDeadlineSeconds: z.number(),
    maxQueueSeconds: z.number(),
  }),
  quotas: z.strictObject({ owner: z.number(), tenant: z.number() }),
  health: z.exactOptional(
    z.strictObject({
      probeEverySeconds: z.exactOptional(z.number()),
      maxWarmSeconds: z.exactOptional(z.number()),
      lostAfterSeconds: z.exactOptional(z.number()),
    }),
  ),
  /** The names of the steps are checked with everything else, by `problemsOf`. */
  stepBudgets: z.exactOptional(z.record(z.string(), z.number())),
});
const schema = z.record(z.string(), settings);

/**
 * Makes the table's pools those of `text`: writes each one, retires the ones that are no longer named, and nudges all.
 * Nothing is written unless everything can work. Repeating it changes nothing.
 *
 * @param text JSON, settings by pool id.
 * @throws naming every field that is wrong.
 */
export async function configurePools({ pools, refill, clock }: ConfigurerPorts, text: string): Promise<void> {
  const wanted = parsePools(text);
  const kept = new Set(wanted.map((it) => it.poolId));
  const retired = (await pools.listConfigs()).filter((it) => !kept.has(it.poolId)).map(retire);
  for (const config of [...wanted, ...retired]) await pools.putConfig(config);
  for (const { poolId } of [...wanted, ...retired]) await refill.nudge(poolId, clock());
}

/**
 * Retires every pool, and refuses to let the deployment go while clusters are left: without its functions nobody would
 * delete them, and they cost money.
 *
 * @throws naming the pools that still have clusters; repeat it until it agrees.
 */
export async function dissolvePools({ pools, refill, clock }: ConfigurerPorts): Promise<void> {
  const left: string[] = [];
  for (const config of await pools.listConfigs()) {
    await pools.putConfig(retire(config));
    await refill.nudge(config.poolId, clock());
    const count = (await pools.readPool(config.poolId))?.clusters.length ?? 0;
    if (count > 0) left.push(`${config.poolId} (${count})`);
  }
  if (left.length === 0) return;
  throw new Error(
    `Clusters are left in these pools: ${left.join(", ")}. Warm ones are being deleted now, claimed ones when their ` +
      "sandboxes end, and no new ones are made. Delete the stack again once they are gone.",
  );
}

/** A pool that makes no clusters any more: it empties as its sandboxes end, and its record stays for those who ask. */
function retire(config: PoolConfig): PoolConfig {
  return { ...config, policy: { ...config.policy, minWarm: 0, maxTotal: 0, bufferPercent: 0, trimCoolDownSeconds: 0 } };
}

function parsePools(text: string): PoolConfig[] {
  const parsed = z.safeParse(schema, JSON.parse(text));
  const problems = parsed.success
    ? Object.entries(parsed.data).flatMap(([poolId, pool]) =>
        problemsOf(pool).map(({ field, problem }) => `pools.${poolId}.${field}: ${problem}`),
      )
    : parsed.error.issues.map(({ path, message }) => `pools.${path.join(".")}: ${message}`);
  if (!parsed.success || problems.length > 0) throw new Error(`The pools cannot work:\n${problems.join("\n")}`);
  return Object.entries(parsed.data).map(([poolId, pool]) => ({
    ...pool,
    poolId: asId<PoolId>(poolId),
    revision: revisionOf(pool.clusterClass),
  }));
}

/** The same for the same content, in whatever order its fields were written. */
function revisionOf(clusterClass: ClusterClass): string {
  const content = JSON.stringify(Object.entries(clusterClass).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash("sha256").update(content).digest("hex").slice(0, 8);
}
