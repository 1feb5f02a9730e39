import type { FaultRequest } from "../../local/eks/faults/kinds.ts";
import { type Chance, chanceFrom } from "../simulation/chance.ts";

/** How a visitor uses what they claim, and how they part with it. */
export const visitKinds = [
  "worker",
  "worker",
  "worker",
  "sleeper",
  "idler",
  "absentee",
  "canceller",
  "impatient",
] as const;
export type VisitKind = (typeof visitKinds)[number];

/** One claim and what follows. Times in milliseconds from the start. */
export interface Visit {
  readonly at: number;
  readonly kind: VisitKind;
  readonly owner: string;
  /** Names the claim; with the seed in it, so that two runs on one deployment would differ. */
  readonly key: string;
  readonly staySeconds: number;
  readonly extends: boolean;
}

export const killKinds = ["function", "controlPlane", "eks", "etcd"] as const;
export type KillKind = (typeof killKinds)[number];

/** What goes wrong, and when. `dice` picks among the processes that there are then. */
export type Blow =
  | { readonly at: number; readonly kind: KillKind; readonly dice: number }
  | { readonly at: number; readonly kind: "fault"; readonly fault: FaultRequest };

/** All that a run does by itself: the same for the same seed and length. */
export interface Schedule {
  readonly visits: readonly Visit[];
  readonly blows: readonly Blow[];
}

/** Seconds until the first of a kind, and then between two, each from and to: all come within two minutes, and leave time to recover. */
const pauses = {
  visit: { first: [1, 4], later: [4, 12] },
  function: { first: [5, 15], later: [5, 15] },
  controlPlane: { first: [20, 50], later: [30, 70] },
  eks: { first: [40, 80], later: [80, 160] },
  etcd: { first: [70, 105], later: [150, 300] },
  fault: { first: [5, 15], later: [9, 20] },
} as const;

const owners = ["ada", "bob", "cyd", "dan", "eve"] as const;

/** The schedule of so many minutes. */
export function scheduleOf(seed: number, minutes: number): Schedule {
  const end = minutes * 60_000;
  const visits = timesOf(chanceFrom(seed), pauses.visit, end).map(({ at, chance }, n) =>
    visit(at, `${seed}-${n}`, chance),
  );
  const kills = killKinds.flatMap((kind, n) =>
    timesOf(chanceFrom(seed + 1_000 * (n + 1)), pauses[kind], end).map(
      ({ at, chance }): Blow => ({
        at,
        kind,
        dice: chance.between(0, 1_000_000),
      }),
    ),
  );
  const faults = timesOf(chanceFrom(seed + 9_000), pauses.fault, end).map(
    ({ at, chance }): Blow => ({
      at,
      kind: "fault",
      fault: chance.pick(faultMakers)(chance),
    }),
  );
  return { visits, blows: [...kills, ...faults].sort((a, b) => a.at - b.at) };
}

function timesOf(
  chance: Chance,
  { first, later }: (typeof pauses)[keyof typeof pauses],
  end: number,
): readonly { readonly at: number; readonly chance: Chance }[] {
  const times: { at: number; chance: Chance }[] = [];
  const pause = ([least, most]: readonly [number, number]) => chance.between(least * 1_000, most * 1_000);
  for (let at = pause(first); at < end; at += pause(later)) {
    // A source of its own for each, so that what one asks for does not change the next one's time.
    times.push({ at, chance: chanceFrom(chance.between(1, 1_000_000_000)) });
  }
  return times;
}

function visit(at: number, key: string, chance: Chance): Visit {
  return {
    at,
    key: `chaos-${key}`,
    kind: chance.pick(visitKinds),
    owner: chance.pick(owners),
    staySeconds: chance.between(10, 35),
    extends: chance.happens(40),
  };
}

type FaultMaker = (chance: Chance) => FaultRequest;

const soon = (chance: Chance) => chance.between(5, 20);
const few = (chance: Chance) => chance.between(1, 3);

/** Every fault ends by itself, so that they come and go; what hits a whole cluster hits one. */
const faultMakers: readonly [FaultMaker, ...FaultMaker[]] = [
  (chance) => ({
    kind: "throttled",
    operation: chance.pick(["CreateCluster", "DescribeCluster", "DeleteCluster", "*"]),
    times: chance.between(1, 8),
    seconds: soon(chance),
  }),
  (chance) => ({ kind: "quota", times: few(chance), seconds: soon(chance) }),
  (chance) => ({ kind: "slow", delaySeconds: chance.between(1, 6), seconds: soon(chance) }),
  (chance) => ({
    kind: "lost",
    operation: chance.pick(["CreateCluster", "DeleteCluster", "*"]),
    times: few(chance),
    seconds: soon(chance),
  }),
  (chance) => ({ kind: "failCreate", times: 1, seconds: soon(chance) }),
  (chance) => ({ kind: "stuckDeleting", times: few(chance), seconds: soon(chance) }),
  (chance) => ({ kind: "ghost", times: few(chance), seconds: soon(chance) }),
  (chance) => ({ kind: "vanish", times: 1, seconds: soon(chance) }),
  (chance) => ({ kind: "accessLag", delaySeconds: chance.between(2, 8), seconds: soon(chance) }),
  (chance) => ({ kind: "leakedInterface", times: few(chance), seconds: soon(chance) }),
  (chance) => ({ kind: "loadBalancerHangs", seconds: soon(chance) }),
  (chance) => ({ kind: "nodeNeverReady", times: 1, seconds: soon(chance) }),
  (chance) => ({ kind: "apiServerDead", times: 1, seconds: soon(chance) }),
  (chance) => ({ kind: "apiServerSlow", times: 1, delaySeconds: chance.between(1, 3), seconds: soon(chance) }),
];
