import type { ClusterAddress } from "../domain/cluster.ts";
import type { ClassRevision } from "../domain/cluster-class.ts";
import type { ClusterId, SandboxId } from "../domain/ids.ts";
import type { Instant } from "../domain/time.ts";
import type { Probe, Removed, StepOutcome } from "./cluster-provider.ts";

/** A cluster as the Kubernetes side needs it: its name in the cloud and its address. */
export interface KubernetesTarget extends ClusterAddress {
  readonly id: ClusterId;
}

/** A bearer token and its real end, read back from the API server: it may be earlier than asked for. */
export interface Credential {
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Administers clusters: for the worker only. Each method is one short, re-entrant step. */
export interface KubernetesAdministration {
  /**
   * The owner's service account and role, the role of the token issuer, the class's features and isolation, then its manifests.
   * Fails with `fault: "class"` and the API server's own words when it will not take a manifest.
   */
  bootstrap(target: KubernetesTarget, built: ClassRevision): Promise<StepOutcome>;
  /**
   * Does what the user will do, with the credential that the user will get: reach the API, see `nodes` nodes Ready, have a
   * deployment become Available on each; then removes its traces. `note` says how far it is: "nodes Ready 1 of 2".
   */
  validate(target: KubernetesTarget, nodes: number): Promise<StepOutcome>;
  /**
   * A short look at a warm cluster, from which nothing stays: the API server is ready and `nodes` nodes are Ready. Never throws
   * for a cluster that does not answer.
   */
  probe(target: KubernetesTarget, nodes: number): Promise<Probe>;
  /** A look at a claimed cluster, which is its user's to break: `well` when its API server answers anything at all. */
  reach(target: KubernetesTarget): Promise<Probe>;
  /** Voids every credential handed out. Done also when the API server is gone: then nothing honours them. */
  revokeCredentials(target: KubernetesTarget): Promise<StepOutcome>;
  /**
   * Deletes Services of type LoadBalancer, Ingresses and PersistentVolumeClaims and waits until they and their volumes are
   * gone, while the controllers that clean up after them still run.
   */
  removeExternals(target: KubernetesTarget): Promise<StepOutcome<Removed>>;
}

/** Issues credentials: for the access function only. */
export interface CredentialIssuer {
  /**
   * @param expirationSeconds at least 600; the cluster may grant less or, below its minimum, refuse.
   * @throws when the cluster cannot be reached or refuses.
   */
  issue(target: KubernetesTarget, sandboxId: SandboxId, expirationSeconds: number): Promise<Credential>;
}
