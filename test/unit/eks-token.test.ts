import { EKSClient } from "@aws-sdk/client-eks";
import { expect, test } from "vitest";
import { clusterToken } from "../../shared/adapters/eks/token.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "a/session+token==" };
const tokenFor = clusterToken(new EKSClient({ region: "eu-central-1", credentials }).config);

async function questionIn(token: Promise<string>): Promise<URL> {
  const [prefix, body = ""] = (await token).split(".");
  expect(prefix).toBe("k8s-aws-v1");
  expect(body).toMatch(/^[A-Za-z0-9_-]+$/);
  return new URL(Buffer.from(body, "base64url").toString());
}

test("a token asks the regional STS who signed it", async () => {
  const url = await questionIn(tokenFor("one-cls-1"));
  expect(url.origin).toBe("https://sts.eu-central-1.amazonaws.com");
  expect(url.searchParams.get("Action")).toBe("GetCallerIdentity");
  expect(url.searchParams.get("X-Amz-Security-Token")).toBe(credentials.sessionToken);
});

test("a token has exactly the nine parameters that EKS's authenticator accepts", async () => {
  const url = await questionIn(tokenFor("one-cls-1"));
  expect([...url.searchParams.keys()].sort()).toEqual([
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
  ]);
  expect(url.searchParams.get("X-Amz-Expires")).toBe("60");
});

test("the cluster's name is signed, and only as a header", async () => {
  const [one, other] = await Promise.all([questionIn(tokenFor("one-cls-1")), questionIn(tokenFor("one-cls-2"))]);
  expect(one.searchParams.get("X-Amz-SignedHeaders")).toBe("host;x-k8s-aws-id");
  expect(one.href).not.toContain("one-cls-1");
  expect(one.searchParams.get("X-Amz-Signature")).not.toBe(other.searchParams.get("X-Amz-Signature"));
});
