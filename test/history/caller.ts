import { setTimeout as sleep } from "node:timers/promises";
import { asId, type OwnerId, type PoolId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import type { Refusal } from "../../shared/domain/refusal.ts";
import type { Result } from "../../shared/domain/result.ts";
import type { Sandbox } from "../../shared/domain/sandbox.ts";
import { type ClaimPorts, claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import { deleteSandbox } from "../../shared/usecases/delete-sandbox.ts";
import type { EndPorts } from "../../shared/usecases/end-sandbox.ts";
import { heartbeatSandbox } from "../../shared/usecases/use-sandbox.ts";
import type { Chance } from "../simulation/chance.ts";
import type { Answer, HistoryEvent, Recorder } from "./event.ts";

export interface CallerSettings {
  readonly ports: ClaimPorts & EndPorts;
  readonly recorder: Recorder;
  readonly chance: Chance;
  readonly poolId: PoolId;
  readonly isCalm: () => boolean;
}

const tenant = asId<TenantId>("acme");
/** How often a caller asks for one sandbox that does not come, before it gives up. */
const maxAsks = 12;

/**
 * Plays caller `number` until it is calm: claims under one key after the other, asks again under the same key when it
 * waits or heard nothing, uses what it gets, and deletes or forgets it.
 *
 * @param firstKey where its predecessor was when it was killed; that key may have been claimed before.
 */
export async function playCaller(settings: CallerSettings, number: number, firstKey: number): Promise<void> {
  const { chance, isCalm } = settings;
  for (let key = firstKey; !isCalm(); key++) {
    await playKey(settings, number, asId<SandboxId>(keyOf(number, key)));
    await sleep(chance.between(0, 100));
  }
}

/** The key with which a successor of this caller goes on: the last one, unless its sandbox is known to have ended. */
export function openKeyOf(number: number, history: readonly HistoryEvent[]): number {
  const mine = history.flatMap((it) =>
    it.kind === "invoke" && it.sandboxId.startsWith(keyOf(number, "")) ? [it] : [],
  );
  const last = mine.at(-1);
  if (!last) return 1;
  const key = Number(last.sandboxId.slice(keyOf(number, "").length));
  const ended = last.call === "release" && history.some((it) => it.kind === "return" && it.op === last.op);
  return ended ? key + 1 : key;
}

function keyOf(number: number, key: number | ""): string {
  return `sbx_${number}_${key}`;
}

async function playKey(settings: CallerSettings, number: number, id: SandboxId): Promise<void> {
  const { ports, recorder, chance, isCalm } = settings;
  const claim = () => recorder.call({ call: "claim", sandboxId: id }, () => claimOnce(settings, number, id));
  const use = () =>
    recorder.call({ call: "use", sandboxId: id }, async () => toAnswer(await heartbeatSandbox(ports, tenant, id)));
  const release = () =>
    recorder.call({ call: "release", sandboxId: id }, async () => toAnswer(await deleteSandbox(ports, tenant, id)));

  let answer = await attempt(chance.happens(10) ? () => both(claim) : claim);
  for (let asks = 1; asks < maxAsks && !isCalm() && !isOver(answer) && !isHeld(answer); asks++) {
    await sleep(chance.between(100, 400));
    const isKnown = answer !== undefined && "state" in answer;
    answer = (await attempt(isKnown && chance.happens(80) ? use : claim)) ?? answer;
    if (answer && "refused" in answer && answer.refused === "invalid_state") answer = { state: "pending" };
  }
  if (isOver(answer)) return;
  for (let uses = isHeld(answer) ? chance.between(0, 3) : 0; uses > 0; uses--) {
    await sleep(chance.between(0, 60));
    await attempt(chance.happens(75) ? use : claim);
  }
  if (chance.happens(75)) await attempt(release);
}

/** The same call twice at once, as an impatient client makes it. */
async function both(call: () => Promise<Answer>): Promise<Answer> {
  const [answer] = await Promise.all([call(), call()]);
  return answer;
}

function isHeld(answer: Answer | undefined): boolean {
  return answer !== undefined && "state" in answer && (answer.state === "ready" || answer.state === "active");
}

function isOver(answer: Answer | undefined): boolean {
  if (answer && "refused" in answer) return answer.refused === "sandbox_terminated";
  return answer !== undefined && answer.state !== "pending" && !isHeld(answer);
}

async function claimOnce({ ports, poolId, chance }: CallerSettings, number: number, id: SandboxId): Promise<Answer> {
  const claimed = await claimSandbox(ports, {
    sandboxId: id,
    requestDigest: "same",
    tenant,
    ownerId: asId<OwnerId>(`owner-${number}`),
    poolId,
    reuse: "never",
    onEmpty: chance.happens(20) ? "fail" : "queue",
    labels: {},
    metadata: {},
    parameters: {},
  });
  return toAnswer(claimed.ok ? { ok: true, value: claimed.value.sandbox } : claimed);
}

/** A call that throws was answered by nobody; its caller goes on. */
async function attempt(call: () => Promise<Answer>): Promise<Answer | undefined> {
  return call().catch(() => undefined);
}

function toAnswer(result: Result<Sandbox, Refusal>): Answer {
  if (!result.ok) return { refused: result.refusal.code };
  const { value } = result;
  return { state: value.state, ...("clusterId" in value && { clusterId: value.clusterId }) };
}
