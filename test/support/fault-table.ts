import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** What came of one fault. */
export interface FaultRow {
  readonly fault: string;
  /** What became of the cluster that it hit. */
  readonly endState: string;
  /** From the fault to that. */
  readonly seconds: number;
  /** From the end of the fault, or of what it hit, until the pool was what it should be. */
  readonly recoverySeconds: number;
  readonly userSaw: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    faultTable: string;
  }
}

/** A table that several processes add to, in a file of one JSON object a line. */
export function faultTable(file: string) {
  return {
    file,
    add: (row: FaultRow) => appendFileSync(file, `${JSON.stringify(row)}\n`),
    /** All rows as a Markdown table; empty when there are none. */
    print: (): string => {
      if (!existsSync(file)) return "";
      const rows = readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as FaultRow);
      const lines = rows.map(
        (it) =>
          `| ${it.fault} | ${it.endState} | ${whole(it.seconds)} | ${whole(it.recoverySeconds)} | ${it.userSaw} |`,
      );
      return ["", ...heading, ...lines.sort(), ""].join("\n");
    },
  };
}

const heading = [
  "| fault | end state | seconds | pool back after | what the user saw |",
  "| --- | --- | ---: | ---: | --- |",
];

function whole(seconds: number): string {
  return seconds.toFixed(0);
}
