import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { KubernetesVersions } from "../../shared/ports/kubernetes-versions.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import type { RefillQueue } from "../../shared/ports/queues.ts";
import { checkVersions } from "./check-versions.ts";
import { parsePools } from "./pool-settings.ts";

export interface ConfigurerPorts {
  readonly pools: Pick<PoolStore, "listConfigs" | "putConfig" | "saveClass" | "readPool">;
  readonly versions: KubernetesVersions;
  readonly refill: RefillQueue;
  readonly clock: Clock;
}

/**
 * Makes the table's pools those of `settings`: writes each one, retires the ones that are no longer named, and nudges all.
 * Nothing is written unless everything can work. Repeating it changes nothing.
 *
 * @param settings JSON, settings by pool id.
 * @param manifests JSON, the objects in each file that a class names.
 * @throws naming every field that is wrong.
 */
export async function configurePools(
  { pools, versions, refill, clock }: ConfigurerPorts,
  settings: string,
  manifests: string,
): Promise<void> {
  const wanted = parsePools(settings, manifests);
  const present = await pools.listConfigs();
  const configs = wanted.map(({ config }) => config);
  await checkVersions(versions, configs, present, clock());
  const kept = new Set(configs.map((it) => it.poolId));
  const retired = present.filter((it) => !kept.has(it.poolId)).map(retire);
  // Before the configuration: who reads that looks for what it names.
  for (const { config, built } of wanted) await pools.saveClass(config.poolId, built, clock());
  for (const config of [...configs, ...retired]) await pools.putConfig(config);
  for (const { poolId } of [...configs, ...retired]) await refill.nudge(poolId, clock());
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
