import { CreateVolumeCommand, DeleteVolumeCommand, DescribeVolumesCommand, VolumeType } from "@aws-sdk/client-ec2";
import type { V1CSIDriver, V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { faultName } from "../fault-name.ts";
import type { Cloud, ClusterInCloud } from "./cloud.ts";
import { type Kubernetes, merging, unless } from "./kubernetes.ts";
import { clusterOwnedTags, ownedTags } from "./tags.ts";

const autoModeDriver = "ebs.csi.eks.amazonaws.com";
const addonDriver = "ebs.csi.aws.com";
const addonName = "aws-ebs-csi-driver";
const finalizer = "external-provisioner.volume.kubernetes.io/finalizer";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
const zoneLabel = "topology.kubernetes.io/zone";
const nameTag = "CSIVolumeName";

/** Without these Kubernetes would wait for the volumes to be attached to machines that do not exist. */
export const driverObjects: readonly V1CSIDriver[] = [autoModeDriver, addonDriver].map((name) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  metadata: { name },
  spec: { attachRequired: false, podInfoOnMount: false },
}));

/** The drivers that make a cluster's volumes: Auto Mode brings one, an add-on the other. */
export function driversOf(cluster: ClusterInCloud, activeAddons: readonly string[]): readonly string[] {
  return [...(cluster.autoMode ? [autoModeDriver] : []), ...(activeAddons.includes(addonName) ? [addonDriver] : [])];
}

/** Makes the volume that a claim waits for, with its record in the cloud. Kubernetes binds the two. */
export async function reconcileClaim(
  kubernetes: Kubernetes,
  cloud: Cloud,
  cluster: ClusterInCloud,
  claim: V1PersistentVolumeClaim,
  existing: readonly V1PersistentVolume[],
  drivers: readonly string[],
): Promise<void> {
  const { annotations = {}, deletionTimestamp, uid } = claim.metadata ?? {};
  const driver = annotations["volume.kubernetes.io/storage-provisioner"] ?? "";
  // Kubernetes writes the driver's name once a pod has been placed, where the class asks to wait for one.
  if (!drivers.includes(driver) || deletionTimestamp !== undefined || claim.spec?.volumeName) return;
  const name = `pvc-${uid}`;
  if (existing.some((it) => it.metadata?.name === name)) return;
  const className = claim.spec?.storageClassName ?? "";
  const storageClass = await unless(404, kubernetes.storage.readStorageClass({ name: className }));
  if (storageClass === undefined) return;
  const zone = await zoneFor(kubernetes, cluster, annotations["volume.kubernetes.io/selected-node"]);
  const volumeId =
    (await find(cloud, name)) ??
    (await createVolume(cloud, tagsOf(cluster, driver, claim, name), claim, storageClass, zone, name));
  await unless(
    409,
    kubernetes.core.createPersistentVolume({
      body: persistentVolume(claim, storageClass, driver, zone, name, volumeId),
    }),
  );
}

/** Deletes a volume whose claim is gone, where its policy says so; a retained one stays, here as in the cloud. */
export async function reconcileVolume(
  { core }: Kubernetes,
  cloud: Cloud,
  volume: V1PersistentVolume,
  drivers: readonly string[],
): Promise<void> {
  const { name = "", annotations = {}, finalizers = [], deletionTimestamp } = volume.metadata ?? {};
  if (!drivers.includes(annotations[provisionedBy] ?? "")) return;
  const deletes = volume.spec?.persistentVolumeReclaimPolicy === "Delete";
  const ended = volume.status?.phase === "Released" || volume.status?.phase === "Failed";
  if (deletes && ended) {
    await deleteVolume(cloud, volume.spec?.csi?.volumeHandle);
    if (deletionTimestamp === undefined) await unless(404, core.deletePersistentVolume({ name }));
  }
  const letGo = deletionTimestamp !== undefined || (deletes && ended);
  if (letGo && finalizers.includes(finalizer) && volume.status?.phase !== "Bound") {
    if (deletes) await deleteVolume(cloud, volume.spec?.csi?.volumeHandle);
    const remaining = finalizers.filter((it) => it !== finalizer);
    await unless(404, core.patchPersistentVolume({ name, body: { metadata: { finalizers: remaining } } }, merging));
  }
}

async function zoneFor({ core }: Kubernetes, cluster: ClusterInCloud, node: string | undefined): Promise<string> {
  const found = node === undefined ? undefined : await unless(404, core.readNode({ name: node }));
  return found?.metadata?.labels?.[zoneLabel] ?? cluster.subnets[0]?.availabilityZone ?? "";
}

async function find({ ec2 }: Cloud, name: string): Promise<string | undefined> {
  const Filters = [{ Name: `tag:${nameTag}`, Values: [name] }];
  return (await ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes?.[0]?.VolumeId;
}

async function createVolume(
  { ec2 }: Cloud,
  Tags: { Key: string; Value: string }[],
  claim: V1PersistentVolumeClaim,
  storageClass: V1StorageClass,
  zone: string,
  name: string,
): Promise<string> {
  const type = storageClass.parameters?.type;
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: zone,
      Size: gibibytes(claim.spec?.resources?.requests?.storage ?? "1Gi"),
      VolumeType: Object.values(VolumeType).find((it) => it === type) ?? "gp3",
      Encrypted: storageClass.parameters?.encrypted === "true",
      TagSpecifications: [{ ResourceType: "volume", Tags }],
    }),
  );
  if (VolumeId === undefined) throw new Error(`the volume ${name} was not made`);
  return VolumeId;
}

function tagsOf(
  cluster: ClusterInCloud,
  driver: string,
  { metadata }: V1PersistentVolumeClaim,
  name: string,
): { Key: string; Value: string }[] {
  const tags = {
    [nameTag]: name,
    "kubernetes.io/created-for/pv/name": name,
    "kubernetes.io/created-for/pvc/name": metadata?.name ?? "",
    "kubernetes.io/created-for/pvc/namespace": metadata?.namespace ?? "",
  };
  if (driver === addonDriver) return clusterOwnedTags(cluster.name, { "ebs.csi.aws.com/cluster": "true", ...tags });
  return ownedTags(cluster.name, { ...tags, [`kubernetes.io/cluster/${cluster.name}`]: "owned" });
}

async function deleteVolume({ ec2 }: Cloud, VolumeId: string | undefined): Promise<void> {
  if (VolumeId === undefined) return;
  try {
    await ec2.send(new DeleteVolumeCommand({ VolumeId }));
  } catch (error) {
    if (!/NotFound/.test(faultName(error))) throw error;
  }
}

function persistentVolume(
  claim: V1PersistentVolumeClaim,
  storageClass: V1StorageClass,
  driver: string,
  zone: string,
  name: string,
  volumeHandle: string,
): V1PersistentVolume {
  const { name: claimName, namespace, uid } = claim.metadata ?? {};
  return {
    metadata: { name, annotations: { [provisionedBy]: driver }, finalizers: [finalizer] },
    spec: {
      accessModes: claim.spec?.accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: `${gibibytes(claim.spec?.resources?.requests?.storage ?? "1Gi")}Gi` },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        ...(claimName !== undefined && { name: claimName }),
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { uid }),
      },
      csi: { driver, volumeHandle, fsType: "ext4" },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: zoneLabel, operator: "In", values: [zone] }] }],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      storageClassName: claim.spec?.storageClassName ?? "",
      ...(claim.spec?.volumeMode !== undefined && { volumeMode: claim.spec.volumeMode }),
    },
  };
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/**
 * A Kubernetes quantity in whole gibibytes, rounded up, at least 1: what EBS counts in.
 *
 * Example: `1500Mi` → 2.
 */
export function gibibytes(quantity: string): number {
  const [, number = "1", unit = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Math.max(1, Math.ceil((Number(number) * (units[unit] ?? 1)) / 2 ** 30));
}
