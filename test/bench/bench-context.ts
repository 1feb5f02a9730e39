import type { TableAccess } from "../../shared/adapters/dynamodb/client.ts";
import type { BareWriter, RecordedClaim } from "./bare-writes.ts";
import type { Bundles } from "./bundles.ts";
import type { RunningFunction } from "./functions.ts";
import type { LocalQueues } from "./sqs.ts";

/** What every scenario works with. */
export interface Bench {
  readonly table: TableAccess;
  readonly bundles: Bundles;
  /** The variables that the deployment would give each function. */
  readonly environment: (name: string) => Readonly<Record<string, string>>;
  readonly api: RunningFunction;
  readonly refiller: RunningFunction;
  readonly queues: LocalQueues;
  readonly bare: BareWriter;
  /** The writes of one claim, which the bare writer sends again and again. */
  readonly recorded: RecordedClaim;
  readonly quick: boolean;
  /** One line about what is going on. */
  readonly say: (line: string) => void;
}

/** One line of the table. */
export interface Finding {
  readonly scenario: string;
  readonly measure: string;
  readonly value: string;
  /** As the benchmark's specification states it; absent where it is for comparison only. */
  readonly aim?: string;
  readonly met?: boolean;
}

export interface Outcome {
  readonly findings: readonly Finding[];
  /** Everything measured, for the JSON. */
  readonly data: object;
}
