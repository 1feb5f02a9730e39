import { DeleteAddonCommand, DeleteClusterCommand, type EKSClient } from "@aws-sdk/client-eks";
import type { ClusterRecord } from "./cluster-record.ts";
import { faultName } from "./fault-name.ts";

/** Has MiniStack forget a cluster and its parts; repeatable. */
export async function forgetCluster(eks: EKSClient, record: ClusterRecord): Promise<void> {
  await unlessNotFound(eks.send(new DeleteClusterCommand({ name: record.name })));
  await forgetAddons(eks, record);
}

/** MiniStack forgets a cluster's node groups with it, but would give its add-ons to the next one of that name. */
export async function forgetAddons(eks: EKSClient, { name, parts }: ClusterRecord): Promise<void> {
  for (const { name: addonName } of parts.filter(({ kind }) => kind === "addon")) {
    await unlessNotFound(eks.send(new DeleteAddonCommand({ clusterName: name, addonName })));
  }
}

async function unlessNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (faultName(error) !== "ResourceNotFoundException") throw error;
  }
}
