import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterRecord } from "./cluster-record.ts";

/** The clusters' records on disk, so that a new process after a crash knows what the last one had begun. */
export interface RecordStore {
  /** The folder of a cluster's control plane, which goes with its record. */
  folderOf(cluster: string): string;
  all(): readonly ClusterRecord[];
  save(record: ClusterRecord): void;
  /** Deletes the record and the folder; repeatable. */
  remove(cluster: string): void;
}

const fileName = "record.json";

/** A store in the folder, which it makes if need be; only this user can read it. */
export function recordStore(dir: string): RecordStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const folderOf = (cluster: string) => join(dir, cluster);
  return {
    folderOf,
    all: () => readdirSync(dir).flatMap((cluster) => read(join(folderOf(cluster), fileName))),
    save: (record) => {
      const folder = folderOf(record.name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const draft = join(folder, `${fileName}.draft`);
      writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
      renameSync(draft, join(folder, fileName));
    },
    remove: (cluster) => rmSync(folderOf(cluster), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

function read(file: string): ClusterRecord[] {
  try {
    return [JSON.parse(readFileSync(file, "utf8")) as ClusterRecord];
  } catch {
    return [];
  }
}
