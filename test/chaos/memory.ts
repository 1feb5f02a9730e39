import { memoryOf, processesOf } from "./processes.ts";

export const memoryRoles = ["runtime", "eks", "emulator", "control planes", "functions"] as const;
export type MemoryRole = (typeof memoryRoles)[number];

/** Bytes by role, at one moment. */
export interface MemorySample {
  readonly at: number;
  readonly bytes: Readonly<Partial<Record<MemoryRole, number>>>;
}

/** How much a role holds. Growth is that of the last fifth's median over the second fifth's: 0.1 for a tenth more. */
export interface MemoryTrend {
  readonly role: MemoryRole;
  readonly median: number;
  readonly most: number;
  readonly growth: number | undefined;
  /** Whether growth is a finding in a long run: only those that are ours and stay. */
  readonly isHeld: boolean;
}

/** Processes of ours that live from the run's beginning to its end, restarts apart. */
const held: readonly MemoryRole[] = ["runtime", "eks"];

/** Measures every process of the laptop once. */
export function sampleMemory(runtime: number, at: number): MemorySample {
  const { eks, emulator, functions, controlPlanes, etcd } = processesOf(runtime);
  const sum = (pids: readonly number[]) => pids.reduce((total, pid) => total + memoryOf(pid), 0);
  return {
    at,
    bytes: {
      runtime: memoryOf(runtime),
      ...(eks !== undefined && { eks: memoryOf(eks) }),
      ...(emulator !== undefined && { emulator: memoryOf(emulator) }),
      "control planes": sum([...controlPlanes, ...etcd].map(({ pid }) => pid)),
      functions: sum(functions.map(({ pid }) => pid)),
    },
  };
}

/** What the samples of a run, in order, say of each role. */
export function trendsOf(samples: readonly MemorySample[]): readonly MemoryTrend[] {
  return memoryRoles.flatMap((role) => {
    const values = samples.flatMap(({ bytes }) => bytes[role] ?? []).filter((it) => it > 0);
    if (values.length === 0) return [];
    const fifth = (n: number) =>
      values.slice(Math.floor((values.length * n) / 5), Math.floor((values.length * (n + 1)) / 5));
    const [early, late] = [medianOf(fifth(1)), medianOf(fifth(4))];
    const growth = early === undefined || late === undefined ? undefined : late / early - 1;
    return [{ role, median: medianOf(values) ?? 0, most: Math.max(...values), growth, isHeld: held.includes(role) }];
  });
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
