import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

/** The secrets of one cluster, as files that only this user reads. Every cluster has its own. */
export interface Credentials {
  readonly caFile: string;
  /** PEM of the authority that signed the API server's certificate. */
  readonly ca: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
  readonly tokenFile: string;
  /** Bearer token of an administrator; for this machine's own bootstrap, never for a claimant. */
  readonly adminToken: string;
}

const days = 24 * 60 * 60 * 1_000;

/** The secrets in `dir`, made on the first call and found by later ones. */
export async function ensureCredentials(dir: string, serviceAddress: string, now: Date): Promise<Credentials> {
  const at = (name: string) => join(dir, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Written last, so that it stands for the whole set.
  const tokenFile = at("tokens.csv");
  if (!existsSync(tokenFile)) {
    const serving = await createServingCertificate(serviceAddress, now);
    const { publicKey, privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "sec1", format: "pem" },
    });
    writePrivately(at("ca.crt"), serving.ca);
    writePrivately(at("serving.crt"), serving.certificate);
    writePrivately(at("serving.key"), serving.key);
    writePrivately(at("service-account.key"), privateKey);
    writePrivately(at("service-account.pub"), publicKey);
    writePrivately(tokenFile, `${randomBytes(32).toString("hex")},sandlot:admin,sandlot:admin,system:masters\n`);
  }
  return {
    caFile: at("ca.crt"),
    ca: readFileSync(at("ca.crt"), "utf8"),
    certificateFile: at("serving.crt"),
    keyFile: at("serving.key"),
    serviceAccountKeyFile: at("service-account.key"),
    serviceAccountPublicKeyFile: at("service-account.pub"),
    tokenFile,
    adminToken: readFileSync(tokenFile, "utf8").split(",")[0] ?? "",
  };
}

/** Every file that `ensureCredentials` wrote. */
export function secretFiles(credentials: Credentials): readonly string[] {
  const { caFile, certificateFile, keyFile, serviceAccountKeyFile, serviceAccountPublicKeyFile, tokenFile } =
    credentials;
  return [tokenFile, caFile, certificateFile, keyFile, serviceAccountKeyFile, serviceAccountPublicKeyFile];
}

export interface KubeconfigFacts {
  readonly name: string;
  readonly server: string;
  /** PEM; without it the client trusts what the machine trusts. */
  readonly ca?: string;
  readonly token?: string;
}

/** Writes a kubeconfig (JSON, which is YAML) of one cluster and one user, for this user's eyes only. */
export function writeKubeconfig(file: string, { name, server, ca, token }: KubeconfigFacts): void {
  const cluster = { server, ...(ca === undefined ? {} : { "certificate-authority-data": base64(ca) }) };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: token === undefined ? {} : { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  writePrivately(file, `${JSON.stringify(config, undefined, 2)}\n`);
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function writePrivately(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
}

/** A throw-away authority and the API server's certificate under it; the authority's key is not kept. */
async function createServingCertificate(
  serviceAddress: string,
  now: Date,
): Promise<{ readonly ca: string; readonly certificate: string; readonly key: string }> {
  const common = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now.getTime() - days),
    notAfterDate: new Date(now.getTime() + 365 * days),
  } as const;
  const ca = await generate([{ name: "commonName", value: "kubernetes" }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const hosts = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  const serving = await generate([{ name: "commonName", value: "kube-apiserver" }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          ...hosts.map((value) => ({ type: 2 as const, value })),
          ...["127.0.0.1", serviceAddress].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { ca: ca.cert, certificate: serving.cert, key: serving.private };
}
