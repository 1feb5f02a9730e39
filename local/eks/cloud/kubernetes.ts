import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  NetworkingV1Api,
  PatchStrategy,
  RbacAuthorizationV1Api,
  StorageV1Api,
  setHeaderOptions,
} from "@kubernetes/client-node";
import type { AdminAccess } from "../../controlplane/control-plane.ts";

/** A cluster's API, as its administrator. */
export interface Kubernetes {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly networking: NetworkingV1Api;
  readonly storage: StorageV1Api;
  readonly rbac: RbacAuthorizationV1Api;
  readonly extensions: ApiextensionsV1Api;
  readonly custom: CustomObjectsApi;
}

/** Clients for a cluster of this machine. */
export function kubernetesOf(admin: AdminAccess): Kubernetes {
  const config = new KubeConfig();
  config.loadFromFile(admin.kubeconfigFile);
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    networking: config.makeApiClient(NetworkingV1Api),
    storage: config.makeApiClient(StorageV1Api),
    rbac: config.makeApiClient(RbacAuthorizationV1Api),
    extensions: config.makeApiClient(ApiextensionsV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
  };
}

/** Makes a patch call change the named members only. */
export const merging = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** The call's answer; undefined when Kubernetes answers with this code. */
export async function unless<T>(code: number, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiException && error.code === code) return undefined;
    throw error;
  }
}
