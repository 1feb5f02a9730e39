import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import type { StepOutcome } from "../../ports/cluster-provider.ts";
import type { KubernetesClient } from "./client.ts";
import { defaultStorageClass, foundation, isDefaultClass } from "./manifests.ts";

const fieldManager = "sandlot";

/** Writes what every cluster gets; a second run changes nothing. */
export async function bootstrap(client: KubernetesClient): Promise<StepOutcome> {
  for (const object of foundation) await apply(client, object);
  const { items } = await client.storage.listStorageClass();
  const others = items.filter((it) => it.metadata?.name !== defaultStorageClass.metadata?.name);
  if (others.some((it) => it.metadata?.annotations?.[isDefaultClass] === "true")) return { kind: "done" };
  await apply(client, defaultStorageClass);
  return { kind: "done" };
}

/** Makes the object look as given, whether or not it exists (server-side apply). */
export async function apply({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
}

/** Changes the named fields only. */
export async function merge({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch);
}
