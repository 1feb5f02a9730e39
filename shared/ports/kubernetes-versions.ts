import type { VersionSupport } from "../domain/kubernetes-version.ts";

/** The Kubernetes versions that the cloud makes clusters of. */
export interface KubernetesVersions {
  /** As the cloud says now; `undefined` for a version that it does not offer. */
  supportOf(version: string): Promise<VersionSupport | undefined>;
}
