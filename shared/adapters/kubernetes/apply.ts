import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesClient } from "./client.ts";

const fieldManager = "sandlot";

/** Makes the object look as given, whether or not it exists (server-side apply). Without a namespace it goes into `default`. */
export async function apply({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
}

/** Changes the named fields only. */
export async function merge({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch);
}
