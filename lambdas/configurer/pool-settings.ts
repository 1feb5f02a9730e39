import * as z from "zod/mini";
import type { ClassRevision, ClusterClass } from "../../shared/domain/cluster-class.ts";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { isManifestObject, type Manifest, type ManifestObject } from "../../shared/domain/manifest.ts";
import { type PoolConfig, problemsOf } from "../../shared/domain/pool.ts";
import { revisionOf } from "./revision.ts";

const settings = z.strictObject({
  description: z.string(),
  /** Its fields are checked with everything else, by `problemsOf`. */
  clusterClass: z.custom<ClusterClass>((value) => typeof value === "object" && value !== null),
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
const manifestSchema = z.record(z.string(), z.array(z.custom<ManifestObject>(isManifestObject)));

/** A pool as the deployment wants it, and what its clusters are built from. */
export interface WantedPool {
  readonly config: PoolConfig;
  readonly built: ClassRevision;
}

/**
 * @param pools JSON, settings by pool id.
 * @param manifests JSON, the objects in each file that a class names.
 * @throws naming every field that is wrong.
 */
export function parsePools(pools: string, manifests: string): WantedPool[] {
  const files = manifestSchema.parse(JSON.parse(manifests));
  const parsed = z.safeParse(schema, JSON.parse(pools));
  const problems = parsed.success
    ? Object.entries(parsed.data).flatMap(([poolId, pool]) =>
        problemsOf(pool).map(({ field, problem }) => `pools.${poolId}.${field}: ${problem}`),
      )
    : parsed.error.issues.map(({ path, message }) => `pools.${path.join(".")}: ${message}`);
  if (!parsed.success || problems.length > 0) throw new Error(`The pools cannot work:\n${problems.join("\n")}`);
  return Object.entries(parsed.data).map(([id, pool]) => {
    const { clusterClass } = pool;
    const objects = (clusterClass.manifests ?? []).flatMap((file): Manifest[] => {
      const found = files[file];
      if (!found) throw new Error(`pools.${id}.clusterClass.manifests: ${file} did not come with the deployment.`);
      return found.map((object) => ({ file, object }));
    });
    const revision = revisionOf(clusterClass, objects);
    const poolId = asId<PoolId>(id);
    return { config: { ...pool, poolId, revision }, built: { revision, clusterClass, manifests: objects } };
  });
}
