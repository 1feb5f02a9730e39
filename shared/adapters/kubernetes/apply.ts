import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesClient } from "./client.ts";

const fieldManager = "sandlot";

/** Makes the object look as given, whether or not it exists (server-side apply). Without a namespace it goes into `default`. */
export async function apply({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
}

/** The same for an object that somebody else wrote; a field that Kubernetes does not know is refused. */
export async function applyAsWritten(client: KubernetesClient, object: KubernetesObject): Promise<void> {
  await apply({ ...client, objects: client.objectsAsWritten(object) }, object);
}

/** Changes the named fields only. */
export async function merge({ objects }: KubernetesClient, object: KubernetesObject): Promise<void> {
  await objects.patch(object, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch);
}
