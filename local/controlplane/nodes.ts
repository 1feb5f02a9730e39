import { randomBytes } from "node:crypto";
import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { AdminAccess } from "./control-plane.ts";

export interface NodeOptions {
  readonly controlPlane: { readonly admin: AdminAccess };
  readonly name: string;
  /** An EC2 instance id; one is made up without it. */
  readonly instanceId?: string;
  /** Default `us-east-1a`; its region is the zone without the last letter. */
  readonly zone?: string;
  /** More labels, such as those of a node group. */
  readonly labels?: Readonly<Record<string, string>>;
}

const instanceType = "m7i.large";
const capacity = { cpu: "2", memory: "8Gi", pods: "29", "ephemeral-storage": "20Gi" };
/** What a node of that size offers on EKS after what the system keeps for itself. */
const allocatable = { cpu: "1930m", memory: "7Gi", pods: "29", "ephemeral-storage": "18Gi" };

/** Registers a node that kwok plays, as an EKS node would register itself; a node of that name is left as it is. */
export async function addNode(options: NodeOptions): Promise<void> {
  const { controlPlane, name, zone = "us-east-1a" } = options;
  const instanceId = options.instanceId ?? `i-${randomBytes(9).toString("hex").slice(0, 17)}`;
  const body = {
    metadata: {
      name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instanceType,
        "topology.kubernetes.io/region": zone.slice(0, -1),
        "topology.kubernetes.io/zone": zone,
        ...options.labels,
      },
    },
    spec: { providerID: `aws:///${zone}/${instanceId}` },
    status: {
      allocatable,
      capacity,
      addresses: [
        { type: "InternalIP", address: addressFor(instanceId) },
        { type: "Hostname", address: name },
      ],
    },
  };
  await unless(409, apiOf(controlPlane.admin).createNode({ body }));
}

/** Removes a node; its pods go with it within moments. A node that is gone is no error. */
export async function removeNode(options: Pick<NodeOptions, "controlPlane" | "name">): Promise<void> {
  await unless(404, apiOf(options.controlPlane.admin).deleteNode({ name: options.name }));
}

/** A private address that is the same for the same instance, below the range that pods get theirs from. */
function addressFor(instanceId: string): string {
  const number = Number.parseInt(instanceId.slice(-4), 16) % 32_768;
  return `10.0.${number >> 8}.${number & 255}`;
}

async function unless(code: number, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException) || error.code !== code) throw error;
  }
}

function apiOf(admin: AdminAccess): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(admin.kubeconfigFile);
  return config.makeApiClient(CoreV1Api);
}
