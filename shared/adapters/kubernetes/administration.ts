import type { KubernetesAdministration } from "../../ports/kubernetes-access.ts";
import { bootstrap } from "./bootstrap.ts";
import { type ClusterIdentity, connect } from "./connection.ts";
import { removeExternals } from "./externals.ts";
import { isGone, reasonOf, whileReachable } from "./faults.ts";
import { probe, reach } from "./probe.ts";
import { revokeCredentials } from "./revocation.ts";
import { validate } from "./validate.ts";

/** A name that stops resolving, or a port where nothing listens, is believed only when it is so a moment later too. */
const secondLookMilliseconds = 1_000;

/**
 * Kubernetes through its API, with a client per call. An API server that does not answer, or refuses a credential, makes a
 * step wait; in a tear-down, one that is gone for good makes it done, and one that is only slow leaves it to the step's budget.
 */
export function kubernetesAdministration(identity: ClusterIdentity): KubernetesAdministration {
  return {
    bootstrap: (target, built) => whileReachable(() => connect(identity, target, (client) => bootstrap(client, built))),
    validate: (target, nodes) =>
      whileReachable(() => connect(identity, target, (client) => validate(client, target, nodes))),
    probe: (target, nodes) => connect(identity, target, (client) => probe(client, nodes)),
    reach: (target) => connect(identity, target, reach),
    revokeCredentials: (target) =>
      whileReachable(() => unlessGone(() => connect(identity, target, revokeCredentials), {})),
    removeExternals: (target) =>
      whileReachable(() => unlessGone(() => connect(identity, target, removeExternals), { removed: [] })),
  };
}

async function unlessGone<Outcome, Nothing extends object>(step: () => Promise<Outcome>, nothing: Nothing) {
  try {
    return await step();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, secondLookMilliseconds));
  try {
    return await step();
  } catch (error) {
    if (!isGone(error)) throw error;
    return { kind: "done" as const, note: `the API server is gone: ${reasonOf(error)}`, ...nothing };
  }
}
