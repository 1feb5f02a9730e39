import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SandboxState } from "../../shared/domain/lifecycle.ts";
import { checkHistory } from "./check.ts";
import type { Answer, Call, HistoryEvent } from "./event.ts";
import { linearize, type Operation } from "./linearize.ts";

let ops = 0;

/** A call that was answered. */
function answered(call: Call, sandboxId: string, from: number, to: number, answer: Answer): HistoryEvent[] {
  const op = `op-${++ops}`;
  return [
    { kind: "invoke", op, at: from, call, sandboxId },
    { kind: "return", op, at: to, answer },
  ];
}

/** A call whose process was killed. */
function unanswered(call: Call, sandboxId: string, at: number): HistoryEvent[] {
  return [{ kind: "invoke", op: `op-${++ops}`, at, call, sandboxId }];
}

const ready = (clusterId: string): Answer => ({ state: "ready", clusterId });
const ending = (clusterId: string): Answer => ({ state: "terminating", clusterId });
const pending: Answer = { state: "pending" };

function atRest(sandboxId: string, state: SandboxState, clusterId?: string): HistoryEvent[] {
  const sandbox: HistoryEvent = { kind: "sandbox", at: 1000, sandboxId, state, clusterId };
  if (clusterId === undefined || (state !== "ready" && state !== "active")) return [sandbox];
  return [sandbox, { kind: "cluster", at: 1000, clusterId, state: "claimed", sandboxId }];
}

const rules = (...history: HistoryEvent[][]) => new Set(checkHistory(history.flat()).map(({ rule }) => rule));
const nothing = new Set();

describe("a history is good", () => {
  it("when a claim is handed a cluster, used and released", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("use", "a", 20, 30, { state: "active", clusterId: "c" }),
      answered("release", "a", 40, 50, ending("c")),
      atRest("a", "terminated", "c"),
    ];
    expect(rules(...history)).toEqual(nothing);
  });

  it("when a claim that waits gets its cluster between two of its calls", () => {
    const history = [
      answered("claim", "a", 0, 10, pending),
      answered("use", "a", 20, 30, { refused: "invalid_state" }),
      answered("claim", "a", 40, 50, ready("c")),
      atRest("a", "ready", "c"),
    ];
    expect(rules(...history)).toEqual(nothing);
  });

  it("when a killed claim had taken effect, and when it had not", () => {
    const retried = answered("claim", "a", 20, 30, ready("c"));
    expect(rules(unanswered("claim", "a", 0), retried, atRest("a", "ready", "c"))).toEqual(nothing);
    expect(rules(unanswered("claim", "a", 0))).toEqual(nothing);
  });

  it("when a killed release takes effect only after a later use", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      unanswered("release", "a", 20),
      answered("use", "a", 30, 40, { state: "active", clusterId: "c" }),
      atRest("a", "terminated", "c"),
    ];
    expect(rules(...history)).toEqual(nothing);
  });

  it("when a use and a release overlap", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("release", "a", 20, 60, ending("c")),
      answered("use", "a", 30, 50, { state: "active", clusterId: "c" }),
      atRest("a", "terminated", "c"),
    ];
    expect(rules(...history)).toEqual(nothing);
  });
});

describe("a history is found out", () => {
  it("when one cluster is handed to two claims", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("claim", "b", 5, 15, ready("c")),
      atRest("a", "ready", "c"),
      atRest("b", "ready", "c"),
    ];
    const found = rules(...history);
    expect(found).toContain("one cluster, one sandbox");
    expect(found).toContain("ownership is linearizable");
    expect(found).toContain("at rest a live sandbox has its cluster");
  });

  it("when a cluster is handed out again after its release", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("release", "a", 20, 30, ending("c")),
      answered("claim", "b", 40, 50, ready("c")),
      atRest("a", "terminated", "c"),
      atRest("b", "ready", "c"),
    ];
    const found = rules(...history);
    expect(found).toContain("one cluster, one sandbox");
    expect(found).toContain("ownership is linearizable");
  });

  it("when a cluster was released before it was claimed", () => {
    const history = [
      answered("release", "a", 0, 10, ending("c")),
      answered("claim", "a", 20, 30, ready("c")),
      atRest("a", "ready", "c"),
    ];
    const found = rules(...history);
    expect(found).toContain("ownership is linearizable");
    expect(found).toContain("states only go forward");
  });

  it("when a sandbox is used after its release was answered", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("release", "a", 20, 30, ending("c")),
      answered("use", "a", 40, 50, { state: "active", clusterId: "c" }),
      atRest("a", "terminated", "c"),
    ];
    expect(rules(...history)).toContain("ownership is linearizable");
  });

  it("when a sandbox is over though nobody released it", () => {
    const history = [answered("claim", "a", 0, 10, ready("c")), atRest("a", "terminated", "c")];
    expect(rules(...history)).toEqual(new Set(["ownership is linearizable"]));
  });

  it("when a retry is handed another cluster", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("claim", "a", 20, 30, ready("d")),
      atRest("a", "ready", "d"),
    ];
    expect(rules(...history)).toContain("one sandbox, one cluster");
  });

  it("when an answered claim is lost", () => {
    expect(rules(answered("claim", "a", 0, 10, ready("c")))).toEqual(new Set(["no answered claim is lost"]));
    expect(rules(answered("claim", "a", 0, 10, pending))).toEqual(new Set(["no answered claim is lost"]));
  });

  it("when a sandbox goes back to wait", () => {
    const history = [answered("claim", "a", 0, 10, ready("c")), atRest("a", "pending")];
    expect(rules(...history)).toContain("states only go forward");
  });

  it("when a sandbox holds a cluster that nobody claimed", () => {
    const found = rules(atRest("a", "ready", "c"));
    expect(found).toContain("nobody holds what nobody claimed");
    expect(found).toContain("ownership is linearizable");
  });

  it("when a cluster stays claimed for a sandbox that is over", () => {
    const history = [
      answered("claim", "a", 0, 10, ready("c")),
      answered("release", "a", 20, 30, ending("c")),
      atRest("a", "terminated", "c"),
      [{ kind: "cluster", at: 1000, clusterId: "c", state: "claimed", sandboxId: "a" } as const],
    ];
    expect(rules(...history)).toEqual(new Set(["at rest a claimed cluster has its sandbox"]));
  });

  it("when its lines do not fit together", () => {
    const [invoke, back] = answered("claim", "a", 0, 10, { refused: "pool_exhausted" });
    if (!invoke || !back) throw new Error("A call has two lines.");
    for (const lines of [[back], [invoke, back, back], [invoke, invoke], [invoke, { ...back, at: -1 }]]) {
      expect(rules(lines)).toEqual(new Set(["each answer belongs to one call"]));
    }
  });
});

describe("the search for an order", () => {
  const register = fc.record({
    write: fc.boolean(),
    value: fc.constantFrom("x", "y"),
    from: fc.integer({ min: 0, max: 8 }),
    length: fc.integer({ min: 0, max: 5 }),
    optional: fc.boolean(),
  });
  const operations = fc.array(register, { maxLength: 5 }).map((all) =>
    all.map(({ write, value, from, length, optional }, index): Operation => {
      const apply = (state: string) => (write || state === value ? value : undefined);
      return { name: String(index), from, to: optional ? Number.POSITIVE_INFINITY : from + length, optional, apply };
    }),
  );

  it("finds one exactly when trying every order does", () => {
    fc.assert(
      fc.property(operations, (all) => {
        expect(linearize("x", all) !== undefined).toBe(existsByTrying("x", all));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Tries every order of every choice of the optional operations, with no shortcut. */
function existsByTrying(state: string, left: readonly Operation[]): boolean {
  if (left.every(({ optional }) => optional)) return true;
  return left.some((next) => {
    const others = left.filter((it) => it !== next);
    if (others.some((other) => !other.optional && other.to < next.from)) return false;
    const after = next.apply(state);
    return after !== undefined && existsByTrying(after, others);
  });
}
