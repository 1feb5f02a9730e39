import type { PoolStore } from "../../ports/pool-store.ts";
import type { SandboxStore } from "../../ports/sandbox-store.ts";
import { memoryPoolStore } from "./pool-store.ts";
import { emptyRecords } from "./records.ts";
import { memorySandboxStore } from "./sandbox-store.ts";

/** Both stores over one set of records, as they share one table elsewhere. */
export function memoryStores(): { readonly pools: PoolStore; readonly sandboxes: SandboxStore } {
  const records = emptyRecords();
  return { pools: memoryPoolStore(records), sandboxes: memorySandboxStore(records) };
}
