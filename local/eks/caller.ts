import type { SendToEmulator } from "./emulator.ts";
import { isObject, parseObject, text } from "./json.ts";
import { questionIn } from "./token.ts";

/** Who signed a token for the cluster, as an ARN; undefined when it is no such token or STS does not accept it. */
export async function callerOf(
  token: string,
  cluster: string,
  region: string,
  send: SendToEmulator,
): Promise<string | undefined> {
  const question = questionIn(token, region);
  if (question === undefined) return undefined;
  const answer = await send({
    method: "GET",
    path: `/?${question.query}`,
    headers: { host: question.host, "x-k8s-aws-id": cluster, accept: "application/json" },
    body: Buffer.alloc(0),
  });
  if (answer.status !== 200) return undefined;
  return arnIn(answer.body.toString());
}

/** STS answers in XML, or in JSON where it heeds what the caller accepts. */
function arnIn(answer: string): string | undefined {
  const inXml = /<Arn>([^<]+)<\/Arn>/.exec(answer)?.[1];
  if (inXml !== undefined) return inXml;
  const response = parseObject(answer).GetCallerIdentityResponse;
  const result = isObject(response) ? response.GetCallerIdentityResult : undefined;
  return isObject(result) ? text(result.Arn) : undefined;
}

/**
 * The principal that access entries name for a caller: the role of an assumed role, otherwise the caller itself.
 *
 * Example: `arn:aws:sts::1:assumed-role/worker/i-1` → `arn:aws:iam::1:role/worker`.
 */
export function principalOf(callerArn: string): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\/.+$/.exec(callerArn) ?? [];
  return role === undefined ? callerArn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** An entry's principal as a session shows it: sessions don't tell the path of their role. */
export function withoutPath(principalArn: string): string {
  return principalArn.replace(/^(arn:[^:]+:iam::\d+:role\/).*\//, "$1");
}
