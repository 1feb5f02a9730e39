import type { V1Node } from "@kubernetes/client-node";

/** True for a node that takes pods now. */
export function isReady({ spec, status }: V1Node): boolean {
  const conditions = status?.conditions ?? [];
  return !spec?.unschedulable && conditions.some((it) => it.type === "Ready" && it.status === "True");
}
