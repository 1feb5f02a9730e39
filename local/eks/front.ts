import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { describeAddons } from "./addons.ts";
import {
  type Ask,
  asRefusal,
  type CallContext,
  clusterIn,
  createCluster,
  deleteCluster,
  describeCluster,
  isUnrouted,
  listClusters,
  listTags,
  tagResource,
  untagResource,
  updateClusterConfig,
} from "./cluster-calls.ts";
import { subjectOf, tagsIn } from "./cluster-record.ts";
import type { EmulatorAnswer, SendToEmulator } from "./emulator.ts";
import { answerAboutFaults, isAboutFaults } from "./faults/front.ts";
import { AnswerLost, effectOnCall } from "./faults/on-calls.ts";
import { effectOnVersionList } from "./faults/on-versions.ts";
import type { FaultSubject } from "./faults/register.ts";
import { type JsonObject, parseObject, text } from "./json.ts";
import { clusterInPath, operationName } from "./operation-names.ts";
import { type Operation, operationOf } from "./operations.ts";
import { createPart, deletePart, describePart, listParts } from "./part-calls.ts";
import { Refusal } from "./refusal.ts";
import { type Reviewer, reviewToken } from "./token-review.ts";
import { inTurn } from "./turns.ts";
import { describeVersions, offeredVersions } from "./versions.ts";

export interface FrontOptions {
  readonly context: CallContext;
  readonly send: SendToEmulator;
  readonly reviewer: Reviewer;
}

const longestBody = 1024 * 1024;
const reviews = /^\/token-review\/([^/]+)$/;

/** The EKS API, the API servers' token reviews, and the fault interface. */
export function createFront(options: FrontOptions): Server {
  const turns = inTurn();
  return createServer((request, response) => {
    answer(options, turns, request)
      .catch((error: unknown) => (error instanceof AnswerLost ? undefined : refusal(error)))
      .then((answered) => {
        if (answered === undefined) request.socket.destroy();
        else respond(response, answered.status, answered.headers, answered.body);
      });
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function answer(
  { context, send, reviewer }: FrontOptions,
  turns: ReturnType<typeof inTurn>,
  request: IncomingMessage,
): Promise<Answer> {
  const method = request.method ?? "GET";
  const path = request.url ?? "/";
  const body = await bodyOf(request);
  const url = new URL(path, "http://127.0.0.1");
  if (isAboutFaults(url.pathname)) {
    const answered = answerAboutFaults(context.faults, method, url.pathname, request.headers, body);
    return json(answered.body, answered.status);
  }
  const reviewed = reviews.exec(url.pathname)?.[1];
  if (reviewed !== undefined && method === "POST") return json(await reviewToken(body, reviewed, reviewer));

  const sendOn = () => send({ method, path, headers: request.headers, body });
  const ask: Ask = async (...expected) => {
    const { status, body: sent } = await sendOn();
    const answered = { status, body: parseObject(sent) };
    if (status !== 200 && !expected.includes(status)) throw asRefusal(answered);
    return answered;
  };
  const operation = operationOf(method, url.pathname);
  const perform = () => overlay(context, operation, ask, body, url.searchParams);
  // Two calls about one cluster that change it would see each other half done.
  const changes = method !== "GET";
  const name = operationName(operation, method, url.pathname);
  const call = { operation: name, subject: faultSubject(context, operation, url.pathname, body) };
  return effectOnCall(context.faults, call, async () => {
    const result = await (changes ? turns(turnOf(operation, body), perform) : perform());
    return result === undefined ? passedOn(await sendOn()) : json(result);
  });
}

/** The answer of EKS; undefined for a call that is MiniStack's alone. */
async function overlay(
  context: CallContext,
  operation: Operation,
  ask: Ask,
  body: Buffer,
  query: URLSearchParams,
): Promise<JsonObject | undefined> {
  switch (operation.kind) {
    case "CreateCluster":
      return createCluster(context, ask, body);
    case "ListClusters":
      return listClusters(context, ask);
    case "DescribeCluster":
      return describeCluster(context, ask, operation.cluster);
    case "DeleteCluster":
      return deleteCluster(context, ask, operation.cluster);
    case "UpdateClusterConfig":
      return updateClusterConfig(context, ask, operation.cluster, body);
    case "CreatePart":
      return createPart(context, ask, operation.cluster, operation.part, body);
    case "ListParts":
      return listParts(context, ask, operation.cluster, operation.part);
    case "DescribePart":
      return describePart(context, ask, operation.cluster, operation.part, operation.name);
    case "DeletePart":
      return deletePart(context, ask, operation.cluster, operation.part, operation.name);
    case "TagResource":
      return tagResource(context, ask, operation.arn, body);
    case "UntagResource":
      return untagResource(context, ask, operation.arn, query);
    case "ListTagsForResource":
      return listTags(context, ask, operation.arn);
    case "DescribeClusterVersions":
      await askUnrouted(ask);
      return describeVersions(query, context.now(), effectOnVersionList(context.faults));
    case "DescribeAddonVersions":
      await askUnrouted(ask);
      return describeAddons(query, offeredVersions(context.now()));
    case "Other":
      return undefined;
  }
}

/** Whom a call is about: for a cluster that does not exist yet, in the words of the call. */
function faultSubject({ clusters }: CallContext, operation: Operation, path: string, sent: Buffer): FaultSubject {
  if (operation.kind === "CreateCluster") {
    const body = parseObject(sent);
    return subjectOf({ name: text(body.name) ?? "", tags: tagsIn(body.tags) });
  }
  const cluster = "arn" in operation ? clusterIn(operation.arn) : clusterInPath(path);
  if (cluster === undefined) return {};
  const record = clusters.get(cluster)?.record;
  return record === undefined ? { cluster } : subjectOf(record);
}

/** Has MiniStack authorize a call that it cannot answer. */
async function askUnrouted(ask: Ask): Promise<void> {
  const answered = await ask(400);
  if (answered.status !== 200 && !isUnrouted(answered)) throw asRefusal(answered);
}

function turnOf(operation: Operation, body: Buffer): string {
  if ("cluster" in operation) return operation.cluster;
  if (operation.kind === "CreateCluster") return text(parseObject(body).name) ?? "";
  return "arn" in operation ? (operation.arn.split("/")[1] ?? "") : "";
}

function json(value: JsonObject, status = 200): Answer {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(value)) };
}

function passedOn({ status, headers, body }: EmulatorAnswer): Answer {
  const kept = ["content-type", "x-amzn-errortype", "x-amzn-requestid"].flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { status, headers: Object.fromEntries(kept), body };
}

function refusal(error: unknown): Answer {
  const { status, code, message } =
    error instanceof Refusal
      ? error
      : { status: 503, code: "ServiceUnavailableException", message: error instanceof Error ? error.message : "" };
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": code },
    body: Buffer.from(JSON.stringify({ __type: code, message })),
  };
}

function respond(response: ServerResponse, status: number, headers: Answer["headers"], body: Buffer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    "x-amzn-requestid": crypto.randomUUID(),
    ...headers,
    "content-length": body.length,
  });
  response.end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > longestBody) throw new Refusal(413, "InvalidRequestException", "the request is too long");
  }
  return Buffer.concat(chunks);
}
