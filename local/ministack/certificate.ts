import { generate } from "selfsigned";

/** A private key and the certificate that is also its own authority: whoever trusts it trusts the laptop's AWS. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const days = 24 * 60 * 60 * 1_000;

/** A fresh certificate, good for a month, for the names under which MiniStack answers on loopback. */
export async function createCertificate(now: Date): Promise<Certificate> {
  const names = ["localhost", "*.execute-api.localhost", "*.s3.localhost"];
  const pem = await generate([{ name: "commonName", value: "Sandlot on a laptop" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now.getTime() - days),
    notAfterDate: new Date(now.getTime() + 30 * days),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [...names.map((value) => ({ type: 2 as const, value })), { type: 7 as const, ip: "127.0.0.1" }],
      },
    ],
  });
  return { certificate: pem.cert, key: pem.private };
}
