import { isObject, type JsonObject, parseObject, text } from "./json.ts";

export interface Reviewer {
  /** Who signed the token for the cluster, as an ARN. */
  callerOf(token: string, cluster: string): Promise<string | undefined>;
  /** The groups that the cluster gives the caller; undefined when it knows no such caller. */
  groupsFor(cluster: string, callerArn: string): Promise<string[] | undefined>;
}

/**
 * Answers an API server's TokenReview of the cluster. Whatever goes wrong on the way means that nobody is authenticated.
 */
export async function reviewToken(body: Buffer, cluster: string, reviewer: Reviewer): Promise<JsonObject> {
  const { apiVersion = "authentication.k8s.io/v1", spec } = parseObject(body);
  const token = isObject(spec) ? text(spec.token) : undefined;
  return { apiVersion, kind: "TokenReview", status: await statusOf(token, cluster, reviewer) };
}

async function statusOf(token: string | undefined, cluster: string, reviewer: Reviewer): Promise<JsonObject> {
  try {
    const username = token === undefined ? undefined : await reviewer.callerOf(token, cluster);
    if (username === undefined) return refused("not a token for this cluster");
    const groups = await reviewer.groupsFor(cluster, username);
    if (groups === undefined) return refused("the cluster has no access entry for the caller");
    return { authenticated: true, user: { username, uid: username, groups } };
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(error: string): JsonObject {
  return { authenticated: false, error };
}
