import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { ClusterState, SandboxState } from "../../shared/domain/lifecycle.ts";

export type Call = "claim" | "use" | "release";

/** What a call was answered: the sandbox as it is then, or why not. */
export type Answer =
  | { readonly state: SandboxState; readonly clusterId?: string | undefined }
  | { readonly refused: string };

/** Times are microseconds of the machine's monotonic clock, which all of its processes share. */
interface At {
  readonly at: number;
}

/** One line of a history. README.md says what each field means. */
export type HistoryEvent =
  | (At & {
      readonly kind: "invoke";
      readonly op: string;
      readonly call: Call;
      readonly sandboxId: string;
      readonly clusterId?: string | undefined;
    })
  | (At & { readonly kind: "return"; readonly op: string; readonly answer: Answer })
  | (At & { readonly kind: "fail"; readonly op: string; readonly error: string })
  | (At & { readonly kind: "kill"; readonly process: string })
  | (At & {
      readonly kind: "sandbox";
      readonly sandboxId: string;
      readonly state: SandboxState;
      readonly clusterId?: string | undefined;
    })
  | (At & {
      readonly kind: "cluster";
      readonly clusterId: string;
      readonly state: ClusterState;
      readonly sandboxId?: string | undefined;
    });

/** The present, in microseconds of the clock that all processes of this machine share. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export interface Recorder {
  write(event: HistoryEvent): void;
  /** Records the call's invocation before it is made and what came of it afterwards. */
  call(
    what: { readonly call: Call; readonly sandboxId: string; readonly clusterId?: string | undefined },
    make: () => Promise<Answer>,
  ): Promise<Answer>;
  close(): void;
}

/**
 * Appends to a file. A line is handed to the system before `write` returns, so that it outlives the process, whatever
 * signal ends it.
 *
 * @param process names the operations of this process; no two processes may share it.
 */
export function openRecorder(file: string, process: string): Recorder {
  const descriptor = openSync(file, "a");
  let calls = 0;
  const write = (event: HistoryEvent) => void writeSync(descriptor, `${JSON.stringify(event)}\n`);
  return {
    write,
    async call(what, make) {
      const op = `${process}:${++calls}`;
      write({ kind: "invoke", op, at: monotonicNow(), ...what });
      try {
        const answer = await make();
        write({ kind: "return", op, at: monotonicNow(), answer });
        return answer;
      } catch (error) {
        write({ kind: "fail", op, at: monotonicNow(), error: String(error) });
        throw error;
      }
    },
    close: () => closeSync(descriptor),
  };
}

/** The whole lines of a file; a last one that was cut short belongs to a call that was never made or never answered. */
export function readHistory(file: string): readonly HistoryEvent[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line): HistoryEvent => JSON.parse(line));
}
