import type { Probe } from "../../ports/cluster-provider.ts";
import type { KubernetesClient } from "./client.ts";
import { reasonOf, statusOf } from "./faults.ts";
import { isReady } from "./nodes.ts";

/** Looks whether a warm cluster's API server answers as it should and `nodes` nodes are Ready. */
export async function probe({ core }: KubernetesClient, nodes: number): Promise<Probe> {
  try {
    const { items } = await core.listNode();
    const ready = items.filter(isReady).length;
    return ready >= nodes ? { kind: "well" } : { kind: "ailing", note: `nodes Ready ${ready} of ${nodes}` };
  } catch (error) {
    return { kind: "ailing", note: reasonOf(error) };
  }
}

/** Looks whether a claimed cluster's API server answers at all: its user may have taken our rights away. */
export async function reach({ core }: KubernetesClient): Promise<Probe> {
  try {
    await core.listNode({ limit: 1 });
    return { kind: "well" };
  } catch (error) {
    const status = statusOf(error);
    return status !== undefined && status < 500 ? { kind: "well" } : { kind: "ailing", note: reasonOf(error) };
  }
}
