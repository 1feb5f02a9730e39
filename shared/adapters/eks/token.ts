import type { EKSClientResolvedConfig } from "@aws-sdk/client-eks";
import { SignatureV4 } from "@smithy/signature-v4";

/** What signing needs: any AWS client's resolved configuration has it. */
export type Signing = Pick<EKSClientResolvedConfig, "region" | "credentials" | "sha256">;

/** The value that AWS's own authenticator sends and accepts; the token itself is good for 15 minutes (EKS user guide). */
const expiresSeconds = 60;

/**
 * Bearer tokens for an EKS cluster's API server, for whoever `signing` is: a presigned question to STS, "who am I?", that
 * is good for the named cluster only. Made here without any call.
 *
 * Example: `clusterToken(new STSClient({}).config)`.
 */
export function clusterToken({ region, credentials, sha256 }: Signing): (clusterName: string) => Promise<string> {
  const signer = new SignatureV4({ region, credentials, sha256, service: "sts" });
  return async (clusterName) => {
    const hostname = `sts.${await region()}.amazonaws.com`;
    const signed = await signer.presign(
      {
        method: "GET",
        protocol: "https:",
        hostname,
        path: "/",
        query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
        headers: { host: hostname, "x-k8s-aws-id": clusterName },
      },
      {
        expiresIn: expiresSeconds,
        // EKS sends it back as a header; as a query parameter it would be refused.
        unhoistableHeaders: new Set(["x-k8s-aws-id"]),
        signableHeaders: new Set(["host", "x-k8s-aws-id"]),
      },
    );
    const url = new URL(`https://${hostname}/`);
    for (const [key, value] of Object.entries(signed.query ?? {})) url.searchParams.set(key, String(value));
    return `k8s-aws-v1.${Buffer.from(url.href).toString("base64url")}`;
  };
}
