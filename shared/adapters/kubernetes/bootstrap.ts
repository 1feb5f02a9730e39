import type { ClassRevision, ClusterClass } from "../../domain/cluster-class.ts";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import { apply } from "./apply.ts";
import type { KubernetesClient } from "./client.ts";
import { featureObjects, isDefaultClass, storageClassOf } from "./features.ts";
import { foundation } from "./foundation.ts";
import { isolationObjects } from "./isolation.ts";
import { applyManifests } from "./manifests.ts";

/** Writes what every cluster gets, what its class adds, and the owner's manifests; a second run changes nothing. */
export async function bootstrap(client: KubernetesClient, built: ClassRevision): Promise<StepOutcome> {
  const { clusterClass } = built;
  for (const object of [...foundation, ...featureObjects(clusterClass), ...isolationObjects(clusterClass)]) {
    await apply(client, object);
  }
  await provideStorageClass(client, clusterClass);
  return applyManifests(client, built);
}

/** Unless an add-on has brought a default of its own. */
async function provideStorageClass(client: KubernetesClient, clusterClass: ClusterClass): Promise<void> {
  const wanted = storageClassOf(clusterClass);
  if (!wanted) return;
  const { items } = await client.storage.listStorageClass();
  const others = items.filter((it) => it.metadata?.name !== wanted.metadata?.name);
  if (others.some((it) => it.metadata?.annotations?.[isDefaultClass] === "true")) return;
  await apply(client, wanted);
}
