import * as z from "zod/mini";
import { type ClassRevision, type ClusterClass, type Feature, podSecurityLevels } from "../../domain/cluster-class.ts";
import { isManifestObject, type Manifest, type ManifestObject } from "../../domain/manifest.ts";

const optional = z.exactOptional;
const quantities = z.record(z.string(), z.string());

export const clusterClassSchema = z.object({
  kubernetesVersion: z.string(),
  nodes: z.number(),
  compute: optional(z.union([z.literal("auto"), z.object({ instanceTypes: z.array(z.string()) })])),
  addons: optional(z.array(z.object({ name: z.string(), version: optional(z.string()) }))),
  features: optional(z.array(z.custom<Feature>((value) => typeof value === "string"))),
  isolation: optional(
    z.object({
      podSecurity: optional(z.enum(podSecurityLevels)),
      quota: optional(quantities),
      requests: optional(quantities),
      ingressFrom: optional(z.enum(["anywhere", "namespace"])),
    }),
  ),
  manifests: optional(z.array(z.string())),
}) satisfies z.ZodMiniType<ClusterClass>;

const manifest = z.object({
  file: z.string(),
  object: z.custom<ManifestObject>(isManifestObject),
}) satisfies z.ZodMiniType<Manifest>;

export const classRevisionSchema = z.object({
  revision: z.string(),
  clusterClass: clusterClassSchema,
  manifests: z.array(manifest),
}) satisfies z.ZodMiniType<ClassRevision>;
