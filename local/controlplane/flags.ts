import { join } from "node:path";
import type { Credentials } from "./credentials.ts";

/** What the command lines of one cluster's components depend on. */
export interface ClusterFacts {
  readonly name: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly credentials: Credentials;
  /** Kubeconfig that names the token webhook. */
  readonly webhookFile: string;
  /** Kubeconfig of the components and of this machine's administrator. */
  readonly adminFile: string;
}

/** Where in the shared etcd a cluster's keys are; ends in a slash, so that no cluster's prefix is part of another's. */
export function etcdPrefix(name: string): string {
  return `/${name}/`;
}

/** Services get addresses of 10.100.0.0/16, as EKS gives them; this is the API server's own. */
export const serviceAddress = "10.100.0.1";
const serviceRange = "10.100.0.0/16";

export function apiServerFlags({ name, port, etcdUrl, credentials, webhookFile }: ClusterFacts): readonly string[] {
  const issuer = `https://oidc.eks.localhost/id/${name}`;
  return [
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${credentials.certificateFile}`,
    `--tls-private-key-file=${credentials.keyFile}`,
    `--etcd-servers=${etcdUrl}`,
    `--etcd-prefix=${etcdPrefix(name)}`,
    "--endpoint-reconciler-type=none",
    `--service-cluster-ip-range=${serviceRange}`,
    "--authorization-mode=RBAC",
    `--token-auth-file=${credentials.tokenFile}`,
    `--authentication-token-webhook-config-file=${webhookFile}`,
    "--authentication-token-webhook-version=v1",
    "--authentication-token-webhook-cache-ttl=5s",
    `--service-account-issuer=${issuer}`,
    `--api-audiences=https://kubernetes.default.svc,${issuer}`,
    `--service-account-key-file=${credentials.serviceAccountPublicKeyFile}`,
    `--service-account-signing-key-file=${credentials.serviceAccountKeyFile}`,
    // EKS silently shortens longer tokens to a day.
    "--service-account-max-token-expiration=24h",
    "--allow-privileged=true",
    "--profiling=false",
  ];
}

export function controllerManagerFlags({ name, credentials, adminFile }: ClusterFacts): readonly string[] {
  return [
    `--kubeconfig=${adminFile}`,
    `--cluster-name=${name}`,
    `--root-ca-file=${credentials.caFile}`,
    `--service-account-private-key-file=${credentials.serviceAccountKeyFile}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--profiling=false",
  ];
}

export function schedulerFlags({ adminFile }: ClusterFacts): readonly string[] {
  return [`--kubeconfig=${adminFile}`, "--leader-elect=false", "--secure-port=0", "--profiling=false"];
}

export function kwokFlags({ adminFile }: ClusterFacts): readonly string[] {
  return [
    `--kubeconfig=${adminFile}`,
    `--config=${join(import.meta.dirname, "kwok-stages.yaml")}`,
    "--manage-all-nodes=true",
    "--node-lease-duration-seconds=40",
    "--cidr=10.0.128.0/17",
  ];
}
