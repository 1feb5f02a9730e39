import type { ClusterAddress } from "../../shared/domain/cluster.ts";
import type { Credential } from "../../shared/ports/kubernetes-access.ts";

/** A kubeconfig with one context, as YAML. A JSON text is a YAML scalar, so nothing in a value can break out of its quotes. */
export function kubeconfigOf(address: ClusterAddress, credential: Pick<Credential, "token">): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: sandbox
    cluster:
      server: ${JSON.stringify(address.endpoint)}
      certificate-authority-data: ${JSON.stringify(address.certificateAuthority)}
users:
  - name: owner
    user:
      token: ${JSON.stringify(credential.token)}
contexts:
  - name: sandbox
    context:
      cluster: sandbox
      user: owner
      namespace: default
current-context: sandbox
`;
}
