import { expect, inject } from "vitest";
import { addFault, listFaults, removeFault } from "../../local/eks/faults/client.ts";
import type { FaultRequest } from "../../local/eks/faults/kinds.ts";
import type { FaultReport } from "../../local/eks/faults/register.ts";
import { untilAlarm } from "./fault-alarm.ts";
import type { ClusterBody, FaultPool } from "./fault-pool.ts";
import { faultTable } from "./fault-table.ts";
import { type Answer, call, eventually } from "./http.ts";
import { leftovers, nothing } from "./leftovers.ts";
import { claim, target, tokenFor, waitForState } from "./sandlot.ts";

/** Somebody with a sandbox, or who waits for one. */
export interface User {
  readonly token: string;
  readonly sandboxId: string;
  /** The answer to the claim. */
  readonly answer: Answer;
  // biome-ignore lint/suspicious/noExplicitAny: the sandbox as the API answered it.
  sandbox(): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: the sandbox as the API answered it.
  until(state: string, withinMs?: number): Promise<any>;
  /** The sandbox's log as `type` or `type:reason`. */
  events(): Promise<readonly string[]>;
  leave(): Promise<void>;
}

export interface Outcome {
  readonly endState: string;
  readonly userSaw: string;
}

export interface FaultScenario {
  inject(fault: FaultRequest): Promise<FaultReport>;
  /** As it is now. */
  reportOf(fault: FaultReport): Promise<FaultReport>;
  /** Ends what was injected. */
  clear(): Promise<void>;
  /** A claim of a user of their own; whoever is left at the end leaves. */
  claim(name: string, body?: object): Promise<User>;
  /** Waits until a claim that does not want to wait is refused for this reason. */
  untilRefused(reason: string): Promise<void>;
  /** Changes how many warm clusters the pool keeps, until the fault is over. */
  keepWarm(count: number): Promise<void>;
  /** Someone with a warm cluster, in whose place the pool builds another. */
  holder(name?: string): Promise<User & { readonly clusterId: string }>;
  /** The warm cluster of a pool at its target. */
  warm(): Promise<ClusterBody>;
  /** Waits until a tear-down has given up on the cluster, for this reason, and has raised the alarm. */
  untilQuarantined(
    clusterId: string,
    why: { readonly reason: ClusterBody["reason"]; readonly detail: RegExp },
  ): Promise<void>;
  alarm(metric: Parameters<typeof untilAlarm>[0]["metric"], runbook: string): Promise<string>;
}

/** The name that a cluster has in the cloud. */
export function cloudName(clusterId: string): string {
  return `sandlot-faults-${clusterId}`;
}

const asDeployed = { policy: { minWarm: null } };
const closings: Promise<unknown>[] = [];
let people = 0;

/**
 * Plays one fault in a pool at its target: `play` makes it and waits for what becomes of it. After that the fault ends, and the
 * pool has to come back to its target with nobody's help. What came of it goes into the table.
 */
export async function playFault(
  pool: FaultPool,
  fault: string,
  play: (scenario: FaultScenario) => Promise<Outcome>,
): Promise<void> {
  // It forgets failed builds: those of another fault must not count here.
  await pool.operate("POST", "/resume");
  await pool.untilSettled();
  const { aws } = target();
  const eksUrl = aws?.eksUrl ?? "";
  const faults: FaultReport[] = [];
  const users: User[] = [];
  let since: number | undefined;
  const clear = async () => {
    for (const { id } of faults.splice(0)) await removeFault(eksUrl, id);
  };
  const join = async (name: string, body: object = {}) => {
    const user = await claimAs(`${name}-${++people}`, { poolId: pool.id, ...body });
    if (user.sandboxId !== "") users.push(user);
    return user;
  };
  const alarm: FaultScenario["alarm"] = (metric, runbook) =>
    untilAlarm({ metric, poolId: pool.id, runbook, since: since ?? started });
  const scenario: FaultScenario = {
    inject: async (request) => {
      const report = await addFault(eksUrl, request);
      faults.push(report);
      since ??= Date.now();
      return report;
    },
    reportOf: async ({ id }) => {
      const found = (await listFaults(eksUrl)).find((it) => it.id === id);
      if (found === undefined) throw new Error(`There is no fault ${id}.`);
      return found;
    },
    clear,
    claim: join,
    untilRefused: async (reason) => {
      let last: unknown;
      await eventually(
        `a refusal with ${reason}`,
        async () => {
          const { answer } = await join("passer-by", { onEmpty: "fail" });
          last = [answer.status, answer.body.code, answer.body.reason];
          expect([answer.status, answer.body.code]).toEqual([503, "pool_exhausted"]);
          return answer.body.reason === reason;
        },
        { withinMs: 20_000, everyMs: 1_000, last: () => last },
      );
    },
    keepWarm: async (minWarm) => {
      expect((await pool.operate("PATCH", "", { policy: { minWarm } })).status).toBe(200);
    },
    holder: async (name = "ada") => {
      const user = await join(name);
      expect([user.answer.status, user.answer.body.state]).toEqual([201, "ready"]);
      return { ...user, clusterId: user.answer.body.clusterId };
    },
    warm: async () => {
      const warm = (await pool.clusters()).find((it) => it.state === "available");
      if (warm === undefined) throw new Error(`${pool.id} has no warm cluster.`);
      return warm;
    },
    alarm,
    untilQuarantined: async (clusterId, { reason, detail }) => {
      const { latest } = await pool.untilCluster("a quarantined cluster", (it) => {
        return it.id === clusterId && it.latest.state === "quarantined";
      });
      expect(latest).toMatchObject({ reason, detail: expect.stringMatching(detail) });
      await alarm("ClusterQuarantined", "cluster-quarantined");
    },
  };
  const started = Date.now();
  try {
    const { endState, userSaw } = await play(scenario);
    const ended = Date.now();
    const seconds = (ended - (since ?? started)) / 1_000;
    await clear();
    await pool.operate("PATCH", "", asDeployed);
    await pool.untilAtTarget();
    const recoverySeconds = (Date.now() - ended) / 1_000;
    faultTable(inject("faultTable")).add({ fault, endState, seconds, recoverySeconds, userSaw });
  } catch (error) {
    // What one fault has left must not be the next one's.
    await clear();
    await pool.operate("PATCH", "", asDeployed);
    await pool.operate("POST", "/resume");
    throw error;
  } finally {
    closings.push(...users.map((user) => user.leave()));
  }
}

/** Waits until the pool is what it was, and looks in the cloud for what any of its closed clusters left. */
export async function auditPool(pool: FaultPool): Promise<void> {
  await Promise.all(closings.splice(0));
  await pool.untilSettled();
  const living = (await pool.clusters()).map((it) => it.id);
  const closed = pool.seen().filter(({ id }) => !living.includes(id));
  for (const { id } of closed) expect([id, await leftovers(id)]).toEqual([id, nothing]);
}

async function claimAs(subject: string, body: object): Promise<User> {
  const token = await tokenFor({ tenant: "acme", subject });
  const answer = await claim(token, body);
  const sandboxId = answer.status < 300 ? answer.body.id : "";
  const url = `${target().apiUrl}/v1/sandboxes/${sandboxId}`;
  const sandbox = async () => (await call(url, { token })).body;
  return {
    token,
    sandboxId,
    answer,
    sandbox,
    until: (state, withinMs) => waitForState(token, sandboxId, state, withinMs),
    events: async () => {
      const { body } = await call(`${url}/events`, { token });
      const items: readonly { readonly type: string; readonly reason?: string }[] = body.items;
      return items.map(({ type, reason }) => (reason === undefined ? type : `${type}:${reason}`));
    },
    leave: async () => {
      const { status } = await call(url, { method: "DELETE", token });
      if (status === 202)
        await eventually(`${sandboxId} to end`, async () => (await sandbox()).state !== "terminating");
    },
  };
}
