import { execFileSync } from "node:child_process";

/** One process, with what it runs. */
export interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process below this one, however deep. */
export function descendantsOf(pid: number): readonly Running[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 })
    .split("\n")
    .flatMap((line) => {
      const [, id, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return id === undefined ? [] : [{ pid: Number(id), parent: Number(parent), command }];
    });
  const byParent = Map.groupBy(all, (it) => it.parent);
  const below = (parent: number): Running[] => (byParent.get(parent) ?? []).flatMap((it) => [it, ...below(it.pid)]);
  return below(pid);
}
