import type { ClusterAddress, TeardownFinding } from "../domain/cluster.ts";
import type { ClusterClass, ClusterOrder } from "../domain/cluster-class.ts";
import type { ClusterId } from "../domain/ids.ts";
import type { Instant } from "../domain/time.ts";

/** What one attempt at a step came to. */
export type StepOutcome<Facts = object> =
  | ({ readonly kind: "done"; readonly note?: string } & Facts)
  /** Not there yet: try again, at the earliest after `afterSeconds` (0 to 900). `removed`: what this attempt deleted. */
  | ({ readonly kind: "again"; readonly afterSeconds: number; readonly note: string } & Partial<Removed>)
  /** The cloud has no room now (quota, throttling): not the cluster's fault. */
  | { readonly kind: "capacityBlocked"; readonly afterSeconds: number; readonly note: string }
  /** It will never succeed. `fault: "class"`: nor will any other cluster of its class. */
  | { readonly kind: "failed"; readonly note: string; readonly fault?: "class" };

/** What a look at a cluster came to. */
export type Probe =
  | { readonly kind: "well" }
  /** It does not do what it should; it may yet. */
  | { readonly kind: "ailing"; readonly note: string }
  /** The cloud has it no longer, or has given it up. */
  | { readonly kind: "gone"; readonly note: string };

/** `cluster/…`, `volume/vol-…`, as in `Removed`. */
export type Held = { readonly found: readonly string[] };
export type Removed = { readonly removed: readonly TeardownFinding["resource"][] };

/**
 * The cloud that clusters come from. Every method is one short, re-entrant step: it may run twice, at once, or after
 * a crash, and looks at what is there before it acts. Every resource carries the deployment's id, and no method touches one
 * that does not. Unexpected answers of the cloud are thrown.
 */
export interface ClusterProvider {
  /**
   * Asks for the cluster, or adopts the one that an earlier attempt asked for. Cloud idempotency token: the cluster's id.
   *
   * @returns `supportEndsAt` when the cloud's standard support for its Kubernetes version ends soon; one past it fails.
   */
  create(id: ClusterId, order: ClusterOrder): Promise<StepOutcome<{ readonly supportEndsAt?: Instant }>>;
  /** Done when the cloud calls it active. */
  awaitActive(id: ClusterId): Promise<StepOutcome<{ readonly address: ClusterAddress }>>;
  /** Lets the worker administer the cluster and the access function issue credentials, and nobody else. */
  grantAccess(id: ClusterId): Promise<StepOutcome>;
  /** Asks for the node group and the add-ons of the class, or adopts them; done when the cloud calls all of them active. */
  provideNodes(id: ClusterId, clusterClass: ClusterClass): Promise<StepOutcome>;

  /** What the cloud says of it; `well` tells nothing about its API server. */
  inspect(id: ClusterId): Promise<Probe>;

  /**
   * Lists everything that the cloud holds of it, whoever made it: the cluster with its node groups, load balancers, target groups,
   * network interfaces, security groups and volumes. Deletes nothing.
   */
  inventory(id: ClusterId): Promise<StepOutcome<Held>>;
  /** Deletes compute that the cluster does not delete by itself. */
  removeCompute(id: ClusterId): Promise<StepOutcome<Removed>>;
  /** Deletes network interfaces that its nodes left behind; before the cluster, whose subnets they hold. */
  removeInterfaces(id: ClusterId): Promise<StepOutcome<Removed>>;
  /** Lifts the deletion protection and asks for the deletion; done when the cloud has accepted it or knows no such cluster. */
  removeCluster(id: ClusterId): Promise<StepOutcome<Removed>>;
  /** Done when the cloud says that it is gone. */
  verifyGone(id: ClusterId): Promise<StepOutcome>;
  /** Deletes by tag what the cloud keeps: volumes, security groups, load balancers; done when a look finds none. */
  sweep(id: ClusterId): Promise<StepOutcome<Removed>>;
}
