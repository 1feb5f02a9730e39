import type { V1PersistentVolume } from "@kubernetes/client-node";
import type { Removed, StepOutcome } from "../../ports/cluster-provider.ts";
import { merge } from "./apply.ts";
import type { KubernetesClient } from "./client.ts";
import { unlessAbsent } from "./faults.ts";
import { removeWorkloads } from "./workloads.ts";

/** So many deletions in one look; a user may have made thousands, and a look is short. */
const deletionsAtOnce = 50;
const lookAgainSeconds = 2;

/** Something in the cluster that a thing outside of it hangs on. */
interface External {
  /** `service/default/web` */
  readonly resource: string;
  readonly deleting: boolean;
  readonly remove: () => Promise<unknown>;
}

/**
 * One look at what hangs outside of the cluster: asks for the end of what is there, and is done when nothing is left, volumes
 * included. A volume that its user wanted retained is set to go with its claim: nobody could use it after the cluster.
 */
export async function removeExternals(client: KubernetesClient): Promise<StepOutcome<Removed>> {
  const externals = [...(await balancersOf(client)), ...(await claimsOf(client))];
  const volumes = await provisionedVolumes(client);
  if (externals.length + volumes.length === 0) return { kind: "done", removed: [] };
  await letGo(client, volumes);
  const removed: string[] = [];
  for (const { resource, remove } of externals.filter((it) => !it.deleting).slice(0, deletionsAtOnce)) {
    await unlessAbsent(remove());
    removed.push(resource);
  }
  await removeWorkloads(client);
  const note = `waiting for ${describe(externals, volumes)}`;
  return { kind: "again", afterSeconds: lookAgainSeconds, note, removed };
}

function describe(externals: readonly External[], volumes: readonly V1PersistentVolume[]): string {
  const names = externals.map((it) => it.resource);
  names.push(...volumes.map((it) => `persistent-volume/${it.metadata?.name}`));
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.slice(0, 3).join(", ") + more;
}

interface Named {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly deletionTimestamp?: Date | string;
  };
}

function external(
  kind: string,
  { metadata }: Named,
  remove: (at: { name: string; namespace: string }) => Promise<unknown>,
): External {
  const at = { name: metadata?.name ?? "", namespace: metadata?.namespace ?? "" };
  const resource = `${kind}/${at.namespace}/${at.name}`;
  return { resource, deleting: metadata?.deletionTimestamp !== undefined, remove: () => remove(at) };
}

const gatewayApi = { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" };

async function balancersOf({ core, networking, custom }: KubernetesClient): Promise<External[]> {
  const [services, ingresses, gateways] = await Promise.all([
    core.listServiceForAllNamespaces(),
    networking.listIngressForAllNamespaces(),
    // Absent unless somebody has installed the Gateway API.
    unlessAbsent<{ items?: readonly Named[] }>(custom.listClusterCustomObject(gatewayApi)),
  ]);
  return [
    ...services.items
      .filter((it) => it.spec?.type === "LoadBalancer")
      .map((it) => external("service", it, (at) => core.deleteNamespacedService(at))),
    ...ingresses.items.map((it) => external("ingress", it, (at) => networking.deleteNamespacedIngress(at))),
    ...(gateways?.items ?? []).map((it) =>
      external("gateway", it, (at) => custom.deleteNamespacedCustomObject({ ...gatewayApi, ...at })),
    ),
  ];
}

async function claimsOf({ core }: KubernetesClient): Promise<External[]> {
  const { items } = await core.listPersistentVolumeClaimForAllNamespaces();
  return items.map((it) =>
    external("persistent-volume-claim", it, (at) => core.deleteNamespacedPersistentVolumeClaim(at)),
  );
}

/** Volumes that a provisioner made. One that a user wrote by hand has nothing outside that is ours. */
async function provisionedVolumes({ core }: KubernetesClient): Promise<V1PersistentVolume[]> {
  const { items } = await core.listPersistentVolume();
  return items.filter((it) => it.metadata?.annotations?.["pv.kubernetes.io/provisioned-by"] !== undefined);
}

async function letGo(client: KubernetesClient, volumes: readonly V1PersistentVolume[]): Promise<void> {
  const kept = volumes.filter((it) => it.spec?.persistentVolumeReclaimPolicy !== "Delete");
  for (const { metadata } of kept.slice(0, deletionsAtOnce)) {
    if (!metadata?.name) continue;
    const volume = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: metadata.name } };
    await merge(client, { ...volume, spec: { persistentVolumeReclaimPolicy: "Delete" } } as V1PersistentVolume);
  }
}
