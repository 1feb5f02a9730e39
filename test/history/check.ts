import { maySandboxBecome, type SandboxState, sandboxTransitions } from "../../shared/domain/lifecycle.ts";
import type { Answer, Call, HistoryEvent } from "./event.ts";
import { linearize, type Operation } from "./linearize.ts";

/** A rule that a history breaks. */
export interface Problem {
  readonly rule:
    | "each answer belongs to one call"
    | "one cluster, one sandbox"
    | "one sandbox, one cluster"
    | "nobody holds what nobody claimed"
    | "no answered claim is lost"
    | "states only go forward"
    | "at rest a live sandbox has its cluster"
    | "at rest a claimed cluster has its sandbox"
    | "ownership is linearizable";
  readonly detail: string;
}

/** A call with what came of it; one without an answer may have taken effect at any time after its invocation, or never. */
export interface RecordedCall {
  readonly op: string;
  readonly call: Call;
  readonly sandboxId: string;
  /** The cluster that a release goes to, where the caller of it knows. */
  readonly clusterId?: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly answer?: Answer;
}

/** Somebody saw the sandbox in this state: an answer, or a record at rest. */
interface Sighting {
  readonly by: string;
  readonly sandboxId: string;
  readonly state: SandboxState;
  readonly clusterId?: string | undefined;
  readonly from: number;
  readonly to: number;
}

/**
 * Everything wrong with a history, in any order of its lines; empty when ownership was linearizable.
 *
 * The object is the cluster, a register that is written twice at most: `free → held by s → gone`. Linearizability is local
 * (Herlihy and Wing): a history is linearizable when that of each of its objects is, so each cluster is searched by itself.
 * A cluster serves one sandbox and a sandbox has one cluster, which is checked first; so a cluster's history has
 * one grant, the calls of that one sandbox's holder, and its releases, and the search stays small.
 *
 * The operations of one register are:
 * - the grant, which takes effect somewhere after the sandbox was first claimed: in the claim, or, when that was told to
 *   wait, in whatever process brought the cluster;
 * - each answer with a `ready` or `active` sandbox, which reads `held by s` within its call;
 * - each release, answered or not, which writes `gone`; a repeated one finds it so;
 * - each answer with a sandbox that is over, and each record at rest, which read what they say.
 */
export function checkHistory(events: readonly HistoryEvent[]): readonly Problem[] {
  const { calls, problems: malformed } = pairCalls(events);
  const sightings = [...sightingsOf(calls), ...atRest(events)];
  return [
    ...malformed,
    ...checkSingleUse(sightings),
    ...checkClaims(calls, events),
    ...checkStates(sightings),
    ...checkRest(events),
    ...checkOwnership(calls, sightings),
  ];
}

/** Invocations with their answers. */
export function pairCalls(events: readonly HistoryEvent[]): {
  readonly calls: readonly RecordedCall[];
  readonly problems: readonly Problem[];
} {
  const calls = new Map<string, RecordedCall>();
  const problems: Problem[] = [];
  const wrong = (detail: string) => problems.push({ rule: "each answer belongs to one call", detail });
  for (const event of events) {
    if (event.kind !== "invoke") continue;
    const { op, call, sandboxId, clusterId, at: from } = event;
    if (calls.has(op)) wrong(`${op} was invoked twice`);
    calls.set(op, { op, call, sandboxId, clusterId, from, to: Number.POSITIVE_INFINITY });
  }
  for (const event of events) {
    if (event.kind !== "return") continue;
    const call = calls.get(event.op);
    if (!call) wrong(`${event.op} was answered and never invoked`);
    else if (call.answer) wrong(`${event.op} was answered twice`);
    else if (event.at < call.from) wrong(`${event.op} was answered before it was invoked`);
    else calls.set(event.op, { ...call, to: event.at, answer: event.answer });
  }
  return { calls: [...calls.values()], problems };
}

function sightingsOf(calls: readonly RecordedCall[]): Sighting[] {
  return calls.flatMap(({ op, call, sandboxId, from, to, answer }) =>
    answer && "state" in answer ? [{ by: `${call} ${op}`, sandboxId, from, to, ...answer }] : [],
  );
}

function atRest(events: readonly HistoryEvent[]): Sighting[] {
  return events.flatMap((event) =>
    event.kind === "sandbox" ? [{ ...event, by: "rest", from: event.at, to: event.at }] : [],
  );
}

function checkSingleUse(sightings: readonly Sighting[]): Problem[] {
  const holders = new Map<string, Set<string>>();
  const held = new Map<string, Set<string>>();
  for (const { sandboxId, clusterId } of sightings) {
    if (clusterId === undefined) continue;
    holders.set(clusterId, (holders.get(clusterId) ?? new Set()).add(sandboxId));
    held.set(sandboxId, (held.get(sandboxId) ?? new Set()).add(clusterId));
  }
  return [
    ...[...holders].flatMap(([id, sandboxes]): Problem[] =>
      sandboxes.size > 1 ? [{ rule: "one cluster, one sandbox", detail: `${id} went to ${[...sandboxes]}` }] : [],
    ),
    ...[...held].flatMap(([id, clusters]): Problem[] =>
      clusters.size > 1 ? [{ rule: "one sandbox, one cluster", detail: `${id} was given ${[...clusters]}` }] : [],
    ),
  ];
}

function checkClaims(calls: readonly RecordedCall[], events: readonly HistoryEvent[]): Problem[] {
  const claimed = new Set(calls.filter((it) => it.call === "claim").map((it) => it.sandboxId));
  const kept = new Set(events.flatMap((it) => (it.kind === "sandbox" ? [it.sandboxId] : [])));
  const lost = calls.filter(
    ({ call, answer, sandboxId }) => call === "claim" && answer && "state" in answer && !kept.has(sandboxId),
  );
  return [
    ...lost.map(({ op, sandboxId }): Problem => {
      return { rule: "no answered claim is lost", detail: `${sandboxId}, answered in ${op}, has no record at rest` };
    }),
    ...[...kept].flatMap((id): Problem[] =>
      claimed.has(id) ? [] : [{ rule: "nobody holds what nobody claimed", detail: `${id} has a record at rest` }],
    ),
  ];
}

const withCluster: readonly SandboxState[] = ["ready", "active", "terminating"];

function checkStates(sightings: readonly Sighting[]): Problem[] {
  const problems: Problem[] = [];
  const wrong = (detail: string) => problems.push({ rule: "states only go forward", detail });
  for (const [id, seen] of groupBy(sightings, ({ sandboxId }) => sandboxId)) {
    for (const { by, state, clusterId } of seen) {
      if (withCluster.includes(state) && clusterId === undefined) wrong(`${id} was ${state} without a cluster (${by})`);
    }
    for (const earlier of seen) {
      for (const later of seen) {
        if (earlier.to >= later.from) continue;
        if (!mayCome(earlier.state, later.state))
          wrong(`${id} was ${earlier.state}, then ${later.state} (${later.by})`);
        if (earlier.clusterId !== undefined && later.clusterId === undefined) wrong(`${id} forgot its cluster`);
      }
    }
  }
  return problems;
}

/** Whether the life cycle leads from one state to the other in any number of steps. */
function mayCome(from: SandboxState, to: SandboxState): boolean {
  const next: readonly SandboxState[] = sandboxTransitions[from];
  return from === to || maySandboxBecome(from, to) || next.some((state) => mayCome(state, to));
}

function checkRest(events: readonly HistoryEvent[]): Problem[] {
  const sandboxes = new Map(events.flatMap((it) => (it.kind === "sandbox" ? [[it.sandboxId, it] as const] : [])));
  const clusters = new Map(events.flatMap((it) => (it.kind === "cluster" ? [[it.clusterId, it] as const] : [])));
  const isHeld = (state: SandboxState | undefined) => state === "ready" || state === "active";
  return [
    ...[...sandboxes.values()].flatMap(({ sandboxId, state, clusterId }): Problem[] => {
      const cluster = clusters.get(clusterId ?? "");
      if (!isHeld(state) || (cluster?.state === "claimed" && cluster.sandboxId === sandboxId)) return [];
      const detail = `${sandboxId} is ${state} with ${clusterId}, which is ${cluster?.state} for ${cluster?.sandboxId}`;
      return [{ rule: "at rest a live sandbox has its cluster", detail }];
    }),
    ...[...clusters.values()].flatMap(({ clusterId, state, sandboxId }): Problem[] => {
      const sandbox = sandboxes.get(sandboxId ?? "");
      if (state !== "claimed" || (isHeld(sandbox?.state) && sandbox?.clusterId === clusterId)) return [];
      const detail = `${clusterId} is claimed for ${sandboxId}, which is ${sandbox?.state} with ${sandbox?.clusterId}`;
      return [{ rule: "at rest a claimed cluster has its sandbox", detail }];
    }),
  ];
}

function checkOwnership(calls: readonly RecordedCall[], sightings: readonly Sighting[]): Problem[] {
  const ofSandbox = groupBy(calls, ({ sandboxId }) => sandboxId);
  const withClusters = sightings.filter(({ clusterId }) => clusterId !== undefined);
  return [...groupBy(withClusters, ({ clusterId }) => clusterId ?? "")].flatMap(([clusterId, seen]): Problem[] => {
    const holders = new Set(seen.map(({ sandboxId }) => sandboxId));
    const operations = [
      ...[...holders].flatMap((id) => writesOf(id, clusterId, ofSandbox.get(id) ?? [])),
      ...seen.map(readOf),
    ];
    if (linearize("free", operations)) return [];
    const detail = `${clusterId}: ${operations.map(({ name, from, to }) => `${name} [${from}, ${to}]`).join("; ")}`;
    return [{ rule: "ownership is linearizable", detail }];
  });
}

const heldBy = (sandboxId: string) => `held by ${sandboxId}`;
const leftBy = (sandboxId: string) => `left by ${sandboxId}`;

function writesOf(sandboxId: string, clusterId: string, calls: readonly RecordedCall[]): Operation[] {
  const held = heldBy(sandboxId);
  const left = leftBy(sandboxId);
  const claims = calls.filter(({ call }) => call === "claim").map(({ from }) => from);
  const grant: Operation = {
    name: `grant to ${sandboxId}`,
    from: Math.min(...claims, Number.POSITIVE_INFINITY),
    to: Number.POSITIVE_INFINITY,
    optional: true,
    apply: (state) => (state === "free" ? held : undefined),
  };
  const releases = calls.filter((it) => it.call === "release" && (it.clusterId ?? clusterId) === clusterId);
  return [
    ...(claims.length > 0 ? [grant] : []),
    ...releases.map(({ op, from, to, answer }): Operation => {
      // A refused release may be one whose success went unseen by its sender's own repeat.
      const effective = answer !== undefined && "state" in answer && answer.clusterId === clusterId;
      const release = (state: string) => (state === held || state === left ? left : undefined);
      return {
        name: `release ${op}`,
        from,
        to: effective ? to : Number.POSITIVE_INFINITY,
        optional: !effective,
        apply: release,
      };
    }),
  ];
}

function readOf({ by, sandboxId, state, from, to }: Sighting): Operation {
  const expected = state === "ready" || state === "active" ? heldBy(sandboxId) : leftBy(sandboxId);
  return {
    name: `${by} saw ${state}`,
    from,
    to,
    optional: false,
    apply: (present) => (present === expected ? present : undefined),
  };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, key);
}
