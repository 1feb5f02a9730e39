import type { V1Deployment } from "@kubernetes/client-node";
import { managedBy } from "./names.ts";

export const canaryName = "sandlot-canary";
/** The namespace that a user starts in. */
export const canaryNamespace = "default";
export const canaryLabel = { app: canaryName };
const image = "public.ecr.aws/eks-distro/kubernetes/pause:3.7";

/**
 * One small pod on each of `nodes` nodes: no two share a node, so Auto Mode brings that many. It asks for nothing that a
 * user's own pods could not have.
 */
export function canary(nodes: number): V1Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: canaryName, namespace: canaryNamespace, labels: managedBy },
    spec: {
      replicas: nodes,
      selector: { matchLabels: canaryLabel },
      template: {
        metadata: { labels: canaryLabel },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          securityContext: { runAsNonRoot: true, runAsUser: 65535, seccompProfile: { type: "RuntimeDefault" } },
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { labelSelector: { matchLabels: canaryLabel }, topologyKey: "kubernetes.io/hostname" },
              ],
            },
          },
          containers: [
            {
              name: "pause",
              image,
              resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "16Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  };
}
