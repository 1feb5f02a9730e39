import { etagOf, eventsBody, sandboxBody } from "../../../shared/api/representation.ts";
import { asId, type OwnerId, type PoolId, type SandboxId } from "../../../shared/domain/ids.ts";
import { ok } from "../../../shared/domain/result.ts";
import type { Sandbox } from "../../../shared/domain/sandbox.ts";
import { after, type Instant } from "../../../shared/domain/time.ts";
import { deleteSandbox } from "../../../shared/usecases/delete-sandbox.ts";
import { extendSandbox } from "../../../shared/usecases/extend-sandbox.ts";
import { listSandboxes } from "../../../shared/usecases/list-sandboxes.ts";
import { updateSandbox } from "../../../shared/usecases/update-sandbox.ts";
import { heartbeatSandbox } from "../../../shared/usecases/use-sandbox.ts";
import { listEvents, type SandboxView, viewSandbox, waitForSandbox } from "../../../shared/usecases/view-sandbox.ts";
import type { Answer } from "../../http/answer.ts";
import type { Operation } from "../../http/operation.ts";
import type { ApiPorts } from "./ports.ts";

/** Below the gateway's limit of 30 s and the function's own. */
const longestWaitSeconds = 25;

/** One sandbox; an ended one is answered with its reason for as long as its record is kept. */
export function get(ports: ApiPorts): Operation<"getSandbox"> {
  return async ({ caller, path, query }) => {
    const id = asId<SandboxId>(path.sandboxId);
    const until = after(ports.clock(), query.timeoutSeconds ?? longestWaitSeconds);
    const viewed =
      query.waitFor === "ready"
        ? await waitForSandbox(ports, caller.tenant, id, until)
        : await viewSandbox(ports, caller.tenant, id);
    return viewed.ok ? ok(sandboxAnswer(200, viewed.value, ports.clock())) : viewed;
  };
}

export function list(ports: ApiPorts): Operation<"listSandboxes"> {
  return async ({ caller, query }) => {
    const { ownerId, poolId, state, labels, limit, cursor } = query;
    const filter = {
      ...(ownerId !== undefined && { ownerId: asId<OwnerId>(ownerId) }),
      ...(poolId !== undefined && { poolId: asId<PoolId>(poolId) }),
      ...(state !== undefined && { state }),
      ...(labels !== undefined && { labels }),
    };
    const page = { limit, ...(cursor !== undefined && { cursor }) };
    const listed = await listSandboxes(ports, caller.tenant, filter, page);
    if (!listed.ok) return listed;
    const { items, nextCursor } = listed.value;
    const now = ports.clock();
    const body = { items: items.map((it) => sandboxBody(it, now)), ...(nextCursor !== undefined && { nextCursor }) };
    return ok({ status: 200, body });
  };
}

export function update(ports: ApiPorts): Operation<"updateSandbox"> {
  return async ({ caller, path, headers, body }) => {
    const id = asId<SandboxId>(path.sandboxId);
    const updated = await updateSandbox(ports, caller.tenant, id, body, versionOf(headers["if-match"]));
    return updated.ok ? ok(sandboxAnswer(200, { sandbox: updated.value }, ports.clock())) : updated;
  };
}

export function extend(ports: ApiPorts): Operation<"extendSandbox"> {
  return async ({ caller, path, body }) => {
    const { expiresAt, seconds = 0 } = body;
    const extension = expiresAt === undefined ? { seconds } : { expiresAt: Date.parse(expiresAt) };
    const extended = await extendSandbox(ports, caller.tenant, asId<SandboxId>(path.sandboxId), extension);
    return extended.ok ? ok(sandboxAnswer(200, { sandbox: extended.value }, ports.clock())) : extended;
  };
}

export function heartbeat(ports: ApiPorts): Operation<"heartbeat"> {
  return async ({ caller, path }) => {
    const used = await heartbeatSandbox(ports, caller.tenant, asId<SandboxId>(path.sandboxId));
    return used.ok ? ok(sandboxAnswer(200, { sandbox: used.value }, ports.clock())) : used;
  };
}

/** Accepted, not done: the cluster's tear-down goes on behind it. A sandbox that has ended is answered as it is. */
export function remove(ports: ApiPorts): Operation<"deleteSandbox"> {
  return async ({ caller, path }) => {
    const ended = await deleteSandbox(ports, caller.tenant, asId<SandboxId>(path.sandboxId));
    return ended.ok ? ok(sandboxAnswer(202, { sandbox: ended.value }, ports.clock())) : ended;
  };
}

export function events(ports: ApiPorts): Operation<"listEvents"> {
  return async ({ caller, path, query }) => {
    const listed = await listEvents(ports, caller.tenant, asId<SandboxId>(path.sandboxId), query.afterSeq);
    return listed.ok ? ok({ status: 200, body: eventsBody(listed.value) }) : listed;
  };
}

function sandboxAnswer(status: number, { sandbox, queue }: SandboxView, now: Instant): Answer {
  return { status, body: sandboxBody(sandbox, now, queue), headers: { ETag: etagOf(sandbox) } };
}

/** `undefined` for no condition; a tag that is none of ours becomes a version that no sandbox has. */
function versionOf(ifMatch: string | undefined): Sandbox["version"] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === "*") return undefined;
  const [, version] = ifMatch.trim().match(/^"v(\d{1,15})"$/) ?? [];
  return version === undefined ? 0 : Number(version);
}
