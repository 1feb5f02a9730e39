import { randomBytes } from "node:crypto";
import { matchesGlob } from "node:path";
import type { Fault, FaultKind, FaultOf } from "./kinds.ts";

/** What a call or a change is about; a fault with a `pool` or `cluster` never matches what names none. */
export interface FaultSubject {
  readonly cluster?: string | undefined;
  readonly pool?: string | undefined;
}

/** A cluster, as faults match it. */
export type ClusterSubject = FaultSubject & { readonly cluster: string };

/** A fault with the clusters that it has hit. */
export interface Living<Kind extends FaultKind> {
  readonly fault: FaultOf<Kind>;
  readonly clusters: ReadonlySet<string>;
}

/** A fault with what has become of it. */
export type FaultReport = Fault & {
  readonly id: string;
  /** `usedUp` after `times` hits; one that lasts goes on holding what it has hit. */
  readonly state: "active" | "usedUp" | "expired";
  readonly hits: number;
  /** Those that it hit. */
  readonly clusters: readonly string[];
  readonly addedAt: string;
};

/** The faults of one EKS. They don't outlive its process. */
export interface FaultRegister {
  add(fault: Fault): FaultReport;
  /** In the order in which they were added; those that are over included, until they are removed. */
  all(): readonly FaultReport[];
  /** Ends a fault; false when there is none of that id. */
  remove(id: string): boolean;
  /** Ends all faults. */
  clear(): void;
  /** The first fault of the kind that matches, for something that happens once: counts one hit of it. */
  hit<Kind extends FaultKind>(
    kind: Kind,
    subject: FaultSubject,
    applies?: (fault: FaultOf<Kind>) => boolean,
  ): FaultOf<Kind> | undefined;
  /** As `hit`, for what a fault does to each cluster once. */
  once<Kind extends FaultKind>(kind: Kind, subject: ClusterSubject): FaultOf<Kind> | undefined;
  /**
   * The first fault of the kind that matches, for something that lasts: counts one hit for each cluster, and goes on
   * holding that cluster until it ends, also after `times` others.
   */
  hold<Kind extends FaultKind>(
    kind: Kind,
    subject: ClusterSubject,
    applies?: (fault: FaultOf<Kind>) => boolean,
  ): FaultOf<Kind> | undefined;
  /** The faults of the kind that have not expired, without counting anything. */
  living<Kind extends FaultKind>(kind: Kind): readonly Living<Kind>[];
  /** Calls back whenever a fault has come or ended, expiry included. */
  onChange(listener: () => void): void;
}

interface Entry {
  readonly id: string;
  readonly fault: Fault;
  readonly addedAt: number;
  readonly clusters: Set<string>;
  hits: number;
  readonly expiry: NodeJS.Timeout | undefined;
}

/** An empty register. `now` in milliseconds. */
export function faultRegister(now: () => number = Date.now): FaultRegister {
  const entries = new Map<string, Entry>();
  const listeners: (() => void)[] = [];
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const isOver = ({ fault, addedAt }: Entry) => fault.seconds !== undefined && now() >= addedAt + fault.seconds * 1_000;
  const isUsedUp = ({ fault, hits }: Entry) => fault.times !== undefined && hits >= fault.times;
  const report = (entry: Entry): FaultReport => ({
    ...entry.fault,
    id: entry.id,
    state: isOver(entry) ? "expired" : isUsedUp(entry) ? "usedUp" : "active",
    hits: entry.hits,
    clusters: [...entry.clusters],
    addedAt: new Date(entry.addedAt).toISOString(),
  });
  const end = (entry: Entry): void => {
    clearTimeout(entry.expiry);
    entries.delete(entry.id);
  };
  const living = <Kind extends FaultKind>(kind: Kind) =>
    [...entries.values()]
      .filter((entry) => entry.fault.kind === kind && !isOver(entry))
      .map((entry) => ({ entry, fault: entry.fault as unknown as FaultOf<Kind>, clusters: entry.clusters }));
  const count = (entry: Entry, { cluster }: FaultSubject): void => {
    entry.hits += 1;
    if (cluster !== undefined) entry.clusters.add(cluster);
  };

  return {
    add: (fault) => {
      const expiry = fault.seconds === undefined ? undefined : setTimeout(tell, fault.seconds * 1_000);
      expiry?.unref();
      const id = `fault-${randomBytes(4).toString("hex")}`;
      const entry: Entry = { id, fault, addedAt: now(), clusters: new Set(), hits: 0, expiry };
      entries.set(id, entry);
      tell();
      return report(entry);
    },
    all: () => [...entries.values()].map(report),
    remove: (id) => {
      const entry = entries.get(id);
      if (entry === undefined) return false;
      end(entry);
      tell();
      return true;
    },
    clear: () => {
      for (const entry of [...entries.values()]) end(entry);
      tell();
    },
    hit: (kind, subject, applies = () => true) => {
      for (const { entry, fault } of living(kind)) {
        if (isUsedUp(entry) || !matches(entry.fault, subject) || !applies(fault)) continue;
        count(entry, subject);
        return fault;
      }
      return undefined;
    },
    once: (kind, subject) => {
      for (const { entry, fault } of living(kind)) {
        if (entry.clusters.has(subject.cluster) || isUsedUp(entry) || !matches(entry.fault, subject)) continue;
        count(entry, subject);
        return fault;
      }
      return undefined;
    },
    hold: (kind, subject, applies = () => true) => {
      for (const { entry, fault } of living(kind)) {
        if (entry.clusters.has(subject.cluster)) return fault;
        if (isUsedUp(entry) || !matches(entry.fault, subject) || !applies(fault)) continue;
        count(entry, subject);
        return fault;
      }
      return undefined;
    },
    living,
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

/** Whether a fault is meant for the subject. `cluster` may be a glob such as `sandlot-*`. */
export function matches(fault: Pick<Fault, "cluster" | "pool">, subject: FaultSubject): boolean {
  if (fault.pool !== undefined && fault.pool !== subject.pool) return false;
  return fault.cluster === undefined || (subject.cluster !== undefined && matchesGlob(subject.cluster, fault.cluster));
}
