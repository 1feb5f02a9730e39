import type { V1CustomResourceDefinition } from "@kubernetes/client-node";
import { policyBindings } from "../access.ts";
import { type Kubernetes, unless } from "./kubernetes.ts";
import { driverObjects } from "./volumes.ts";

/** What an IngressClass of Auto Mode refers to for its load balancers' settings. */
export const ingressClassParams = {
  group: "eks.amazonaws.com",
  version: "v1",
  plural: "ingressclassparams",
  kind: "IngressClassParams",
} as const;

const ingressClassParamsDefinition: V1CustomResourceDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${ingressClassParams.plural}.${ingressClassParams.group}` },
  spec: {
    group: ingressClassParams.group,
    names: { kind: ingressClassParams.kind, plural: ingressClassParams.plural, singular: ingressClassParams.plural },
    scope: "Cluster",
    versions: [
      {
        name: ingressClassParams.version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
      },
    ],
  },
};

/** Writes what every EKS cluster has from the beginning; repeatable. */
export async function writeFoundation({ rbac, storage, extensions }: Kubernetes, autoMode: boolean): Promise<void> {
  await Promise.all([
    ...policyBindings.map((body) => unless(409, rbac.createClusterRoleBinding({ body }))),
    ...driverObjects.map((body) => unless(409, storage.createCSIDriver({ body }))),
    ...(autoMode
      ? [unless(409, extensions.createCustomResourceDefinition({ body: ingressClassParamsDefinition }))]
      : []),
  ]);
}
