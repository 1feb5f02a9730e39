/** What the API answered of one sandbox, over the run. */
export interface SandboxAccount {
  readonly id: string;
  /** The Idempotency-Key that it was claimed with. */
  readonly key: string;
  readonly states: ReadonlySet<string>;
  readonly clusterId: string | undefined;
  readonly stateReason: string | undefined;
}

/** Something that happened, for the timeline. */
export type Happening =
  | "claim"
  | "ready"
  | "refused"
  | "unanswered"
  | "used"
  | "useFailed"
  | "released"
  | "expired"
  | "lost"
  | "gaveUp"
  | "ended"
  | `kill ${string}`
  | `fault ${string}`;

/** Everything that the run was told, as it was told it. */
export interface Ledger {
  /** Keeps what a sandbox's body says. */
  saw(body: unknown, key?: string): void;
  sawCluster(id: string): void;
  note(what: Happening, at?: number): void;
  sandboxes(): readonly SandboxAccount[];
  clusters(): readonly string[];
  /** Answers that no later one can make right: one key for two sandboxes, one sandbox on two clusters. */
  contradictions(): readonly string[];
  happenings(): readonly { readonly at: number; readonly what: Happening }[];
  count(what: (it: Happening) => boolean): number;
}

interface Account extends SandboxAccount {
  states: Set<string>;
  clusterId: string | undefined;
  stateReason: string | undefined;
}

const endedBy: Readonly<Record<string, Happening>> = {
  lost: "lost",
  expired: "expired",
  idle: "expired",
  not_activated: "expired",
  deleted_by_owner: "released",
  queue_timeout: "gaveUp",
};

/** An empty ledger. `now` in milliseconds from the start. */
export function openLedger(now: () => number): Ledger {
  const accounts = new Map<string, Account>();
  const keys = new Map<string, string>();
  const clusters = new Set<string>();
  const contradictions = new Set<string>();
  const happenings: { at: number; what: Happening }[] = [];
  const note = (what: Happening, at = now()) => happenings.push({ at, what });

  const isNew = (account: Account, ...states: readonly string[]) => !states.some((it) => account.states.has(it));
  const tell = (account: Account, state: string, reason: string | undefined) => {
    if ((state === "ready" || state === "active") && isNew(account, "ready", "active")) note("ready");
    const ended = ["terminating", "terminated", "failed"];
    if (ended.includes(state) && isNew(account, ...ended)) note(endedBy[reason ?? ""] ?? "ended");
  };

  return {
    note,
    saw: (body, key) => {
      const { id, state, clusterId, stateReason } = (body ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof id !== "string" || typeof state !== "string") return;
      const account = accounts.get(id) ?? {
        id,
        key: key ?? "",
        states: new Set<string>(),
        clusterId: undefined,
        stateReason: undefined,
      };
      accounts.set(id, account);
      const other = key === undefined ? undefined : keys.get(key);
      if (other !== undefined && other !== id) contradictions.add(`${key} was answered with ${other} and with ${id}`);
      if (key !== undefined) keys.set(key, id);
      tell(account, state, typeof stateReason === "string" ? stateReason : undefined);
      account.states.add(state);
      if (typeof stateReason === "string") account.stateReason = stateReason;
      if (typeof clusterId !== "string") return;
      if (account.clusterId !== undefined && account.clusterId !== clusterId) {
        contradictions.add(`${id} was on ${account.clusterId} and then on ${clusterId}`);
      }
      account.clusterId = clusterId;
      clusters.add(clusterId);
    },
    sawCluster: (id) => clusters.add(id),
    sandboxes: () => [...accounts.values()],
    clusters: () => [...clusters].sort(),
    contradictions: () => [...contradictions],
    happenings: () => happenings.toSorted((a, b) => a.at - b.at),
    count: (fits) => happenings.filter(({ what }) => fits(what)).length,
  };
}
