import { expect, test } from "vitest";
import { principalOf, withoutPath } from "../../local/eks/caller.ts";
import { questionIn } from "../../local/eks/token.ts";
import { type Reviewer, reviewToken } from "../../local/eks/token-review.ts";

const parameters = {
  Action: "GetCallerIdentity",
  Version: "2011-06-15",
  "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
  "X-Amz-Credential": "AKID/20261121/us-east-1/sts/aws4_request",
  "X-Amz-Date": "20261121T100000Z",
  "X-Amz-Expires": "60",
  "X-Amz-Security-Token": "a/session+token==",
  "X-Amz-Signature": "0".repeat(64),
  "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
};

function token(
  changes: Record<string, string | undefined> = {},
  origin = "https://sts.us-east-1.amazonaws.com/",
): string {
  const url = new URL(origin);
  for (const [name, value] of Object.entries({ ...parameters, ...changes })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return tokenOf(url.href);
}

function tokenOf(url: string): string {
  return `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`;
}

test("a token is read as the question that its signer put to STS", () => {
  const question = questionIn(token(), "us-east-1");
  expect(question?.host).toBe("sts.us-east-1.amazonaws.com");
  expect(Object.fromEntries(new URLSearchParams(question?.query))).toEqual(parameters);
});

test("long-term credentials bring no session token", () => {
  expect(questionIn(token({ "X-Amz-Security-Token": undefined }), "us-east-1")).toBeDefined();
});

test.each([
  ["no token of EKS", "eyJhbGciOi"],
  ["no address in it", "k8s-aws-v1.bm90IGEgdXJs"],
  ["not base64", "k8s-aws-v1.***"],
  ["another host", token({}, "https://169.254.169.254/")],
  ["another host before the real one", token({}, "https://sts.us-east-1.amazonaws.com@127.0.0.1/")],
  ["a port", token({}, "https://sts.us-east-1.amazonaws.com:8443/")],
  ["no encryption", token({}, "http://sts.us-east-1.amazonaws.com/")],
  ["a path", token({}, "https://sts.us-east-1.amazonaws.com/admin")],
  ["another region", token({}, "https://sts.eu-west-1.amazonaws.com/")],
  ["another region's signature", token({ "X-Amz-Credential": "AKID/20261121/eu-west-1/sts/aws4_request" })],
  ["another service's signature", token({ "X-Amz-Credential": "AKID/20261121/us-east-1/iam/aws4_request" })],
  ["another action", token({ Action: "AssumeRole" })],
  ["one parameter more", token({ RoleArn: "arn:aws:iam::1:role/x" })],
  ["one parameter less", token({ "X-Amz-Date": undefined })],
  ["a parameter twice", tokenOf(`${Buffer.from(token().slice(11), "base64url").toString()}&Action=AssumeRole`)],
  ["the cluster not signed", token({ "X-Amz-SignedHeaders": "host" })],
  ["a long life", token({ "X-Amz-Expires": "86400" })],
])("a token is refused with %s", (_, refused) => {
  expect(questionIn(refused, "us-east-1")).toBeUndefined();
});

test("a session stands for its role", () => {
  expect(principalOf("arn:aws:sts::123456789012:assumed-role/worker/i-1")).toBe(
    "arn:aws:iam::123456789012:role/worker",
  );
  expect(principalOf("arn:aws:iam::123456789012:user/ann")).toBe("arn:aws:iam::123456789012:user/ann");
  expect(withoutPath("arn:aws:iam::123456789012:role/team/a/worker")).toBe("arn:aws:iam::123456789012:role/worker");
});

const review = (spec: object) => Buffer.from(JSON.stringify({ apiVersion: "authentication.k8s.io/v1", spec }));

test("a caller with an access entry is authenticated by its session's name", async () => {
  const reviewer = { callerOf: async () => "arn:session", groupsFor: async () => ["admins"] };
  expect(await reviewToken(review({ token: "t" }), "one", reviewer)).toEqual({
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    status: { authenticated: true, user: { username: "arn:session", uid: "arn:session", groups: ["admins"] } },
  });
});

const noAnswer = () => Promise.reject(new Error("no answer"));
const nobodies: readonly (readonly [string, Reviewer])[] = [
  ["an unknown signer", { callerOf: async () => undefined, groupsFor: async () => [] }],
  ["no access entry", { callerOf: async () => "arn:session", groupsFor: async () => undefined }],
  ["STS not answering", { callerOf: noAnswer, groupsFor: async () => [] }],
  ["access entries not answering", { callerOf: async () => "arn:session", groupsFor: noAnswer }],
];

test.each(nobodies)("nobody is authenticated with %s", async (_, reviewer) => {
  const refused = { status: { authenticated: false } };
  expect(await reviewToken(review({ token: "t" }), "one", reviewer)).toMatchObject(refused);
  expect(await reviewToken(Buffer.from("{"), "one", reviewer)).toMatchObject(refused);
});
