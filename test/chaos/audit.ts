import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";
import { type Inventory, leftSince, type ResourceKind, resourceKinds } from "./cloud.ts";
import type { Ledger, SandboxAccount } from "./ledger.ts";

/** One thing that should be none, with what there is of it. */
export interface Check {
  readonly name: string;
  /** Ids, each with what is wrong with it; empty when all is well. */
  readonly found: readonly string[];
}

export interface AuditContext {
  readonly api: Api;
  readonly ledger: Ledger;
  /** What the account held before the first cluster. */
  readonly before: Inventory;
  readonly list: () => Promise<Inventory>;
  /** Quarantined clusters that the operator has taken back. */
  readonly retried: ReadonlySet<string>;
}

const labels: Readonly<Record<ResourceKind, string>> = {
  clusters: "clusters left",
  volumes: "volumes left",
  interfaces: "network interfaces left",
  loadBalancers: "load balancers left",
  targetGroups: "target groups left",
  securityGroups: "security groups left",
  logGroups: "log groups left",
};

/** Looks from the cloud's side and from the callers' at what a run has left; every check should have found nothing. */
export async function audit(context: AuditContext): Promise<readonly Check[]> {
  const { api, ledger, before, list } = context;
  await readEverySandbox(api, ledger);
  const records = await readClusters(api, ledger.clusters());
  const open = [...records].filter(([, record]) => record.state !== "deleted" || record.verifiedGoneAt === undefined);
  const told = open.map(([id, { state, progress }]) => `${id}: ${state ?? "not on record"}${progress}`);
  const isRetried = (line: string) => [...context.retried].some((id) => line.startsWith(`${id}:`));
  return [
    ...cloudChecks(leftSince(before, await settledList(before, list))),
    { name: "sandboxes on one cluster", found: claimedTwice(ledger.sandboxes()) },
    { name: "answers that contradict each other", found: ledger.contradictions() },
    { name: "claims accepted and never answered", found: neverAnswered(ledger.sandboxes()) },
    { name: "sandboxes that did not come to rest", found: notAtRest(ledger.sandboxes()) },
    { name: "clusters without a final report", found: told.filter((line) => !isRetried(line)) },
    { name: "quarantined that a retry did not end", found: told.filter(isRetried) },
  ];
}

/** Sandboxes that were answered with the same cluster: it serves one, ever. */
export function claimedTwice(sandboxes: readonly SandboxAccount[]): readonly string[] {
  const onCluster = sandboxes.filter(({ clusterId }) => clusterId !== undefined);
  return [...Map.groupBy(onCluster, ({ clusterId }) => clusterId)]
    .filter(([, them]) => them.length > 1)
    .map(([clusterId, them]) => `${clusterId}: ${them.map(({ id }) => id).join(", ")}`);
}

/** Claims that were accepted, and then neither got their cluster nor an end with a reason. */
export function neverAnswered(sandboxes: readonly SandboxAccount[]): readonly string[] {
  return sandboxes
    .filter(({ states, stateReason }) => !gotCluster(states) && !(isAtRest(states) && stateReason !== undefined))
    .map(described);
}

/** Sandboxes that are still there, in whatever way, though everything was ended. */
export function notAtRest(sandboxes: readonly SandboxAccount[]): readonly string[] {
  return sandboxes.filter(({ states }) => gotCluster(states) && !isAtRest(states)).map(described);
}

function gotCluster(states: ReadonlySet<string>): boolean {
  return states.has("ready") || states.has("active");
}

function isAtRest(states: ReadonlySet<string>): boolean {
  return states.has("terminated") || states.has("failed");
}

function described({ id, key, states, clusterId }: SandboxAccount): string {
  return `${id} (${key}${clusterId === undefined ? "" : `, ${clusterId}`}): ${[...states].join(", ")}`;
}

function cloudChecks(left: Inventory): readonly Check[] {
  return resourceKinds.map((kind) => ({ name: labels[kind], found: left[kind] }));
}

const settleWithinMs = 10_000;

/** What local/eks still has in hand while records close is given a moment. */
async function settledList(before: Inventory, list: () => Promise<Inventory>): Promise<Inventory> {
  const deadline = Date.now() + settleWithinMs;
  for (;;) {
    const after = await list();
    const isClean = Object.values(leftSince(before, after)).every((ids) => ids.length === 0);
    if (isClean || Date.now() > deadline) return after;
    await sleep(1_000);
  }
}

/** All of the tenant's, those included whose claim was never answered. */
export async function readEverySandbox(api: Api, ledger: Ledger): Promise<readonly { id: string; state: string }[]> {
  const all: { id: string; state: string }[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await api.ask(`/v1/sandboxes?limit=100${query}`);
    if (page?.status !== 200) throw new Error(`The sandboxes could not be listed: ${JSON.stringify(page?.body)}`);
    for (const sandbox of page.body.items) {
      ledger.saw(sandbox);
      all.push(sandbox);
    }
    cursor = page.body.nextCursor;
  } while (cursor !== undefined && cursor !== null);
  return all;
}

interface RecordLook {
  readonly state: string | undefined;
  readonly verifiedGoneAt: string | undefined;
  readonly progress: string;
}

async function readClusters(api: Api, ids: readonly string[]): Promise<ReadonlyMap<string, RecordLook>> {
  const records = new Map<string, RecordLook>();
  for (const id of ids) {
    const { body } = (await api.ask(`/v1/clusters/${id}`)) ?? {};
    const progress = body?.progress ? ` at ${body.progress.step} (${body.progress.note ?? ""})` : "";
    const detail = body?.detail === undefined ? "" : `, ${body.detail}`;
    records.set(id, { state: body?.state, verifiedGoneAt: body?.verifiedGoneAt, progress: `${progress}${detail}` });
  }
  return records;
}
