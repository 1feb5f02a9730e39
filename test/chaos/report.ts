import type { Check } from "./audit.ts";
import type { Happening, Ledger } from "./ledger.ts";
import type { MemoryTrend } from "./memory.ts";

const lanes: readonly { readonly title: string; readonly fits: (it: Happening) => boolean }[] = [
  { title: "claims", fits: (it) => it === "claim" },
  { title: "ready", fits: (it) => it === "ready" },
  { title: "refused", fits: (it) => it === "refused" || it === "unanswered" },
  { title: "used", fits: (it) => it === "used" },
  { title: "released", fits: (it) => it === "released" },
  { title: "expired", fits: (it) => it === "expired" },
  { title: "lost", fits: (it) => it === "lost" },
  { title: "gave up", fits: (it) => it === "gaveUp" },
  { title: "functions killed", fits: (it) => it === "kill function" },
  { title: "control planes", fits: (it) => /^kill (kube-|kwok)/.test(it) },
  { title: "eks", fits: (it) => it === "kill eks" },
  { title: "etcd", fits: (it) => it === "kill etcd" },
];

/** One row a minute: how much of what happened, and which faults came. */
export function timelineOf(ledger: Ledger, from: number): string {
  const rows = Map.groupBy(ledger.happenings(), ({ at }) => Math.max(0, Math.floor((at - from) / 60_000)));
  const last = Math.max(0, ...rows.keys());
  const header = ["minute", ...lanes.map(({ title }) => title), "faults"];
  const body = Array.from({ length: last + 1 }, (_, minute) => {
    const here = rows.get(minute) ?? [];
    const counts = lanes.map(({ fits }) => here.filter(({ what }) => fits(what)).length);
    const faults = here.flatMap(({ what }) => (what.startsWith("fault ") ? what.slice("fault ".length) : []));
    return [minute + 1, ...counts.map((it) => (it === 0 ? "·" : it)), faults.join(" ") || "·"].map(String);
  });
  const widths = header.map((title, n) =>
    Math.max(title.length, ...body.map((row) => (n > lanes.length ? 0 : (row[n] ?? "").length))),
  );
  return [header, ...body]
    .map((row) => row.map((cell, n) => (n > lanes.length ? cell : cell.padStart(widths[n] ?? 0))).join("  "))
    .join("\n");
}

/** What came of the claims, and of each check. */
export function tableOf(
  ledger: Ledger,
  checks: readonly Check[],
  more: readonly (readonly [string, string])[],
): string {
  const count = (fits: (it: Happening) => boolean) => String(ledger.count(fits));
  const kills = lanes.slice(8).map(({ title, fits }) => `${title.replace(" killed", "")} ${count(fits)}`);
  const rows: (readonly [string, string])[] = [
    ["claims", count((it) => it === "claim")],
    [
      "ready / refused / unanswered at first",
      ["ready", "refused", "unanswered"].map((it) => count((that) => that === it)).join(" / "),
    ],
    ["used through kubectl / failed", `${count((it) => it === "used")} / ${count((it) => it === "useFailed")}`],
    [
      "released / expired / lost / gave up waiting",
      ["released", "expired", "lost", "gaveUp"].map((it) => count((that) => that === it)).join(" / "),
    ],
    ["clusters", String(ledger.clusters().length)],
    ["killed", kills.join(", ")],
    ["faults", count((it) => it.startsWith("fault "))],
    ...more,
    ...checks.map(({ name, found }) => [name, String(found.length)] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Memory by role, with how it grew. */
export function memoryTable(trends: readonly MemoryTrend[]): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`.padStart(8);
  return trends
    .map(({ role, median, most, growth }) => {
      const grown = growth === undefined ? "" : `, growth ${(growth * 100).toFixed(1)} %`;
      return `${role.padEnd(15)} median ${megabytes(median)}, most ${megabytes(most)}${grown}`;
    })
    .join("\n");
}

/** Every check that has found something, with the ids; empty when all is well. */
export function findingsOf(checks: readonly Check[]): string {
  return checks
    .filter(({ found }) => found.length > 0)
    .map(({ name, found }) => `${name}: ${found.length}\n${found.map((it) => `  ${it}`).join("\n")}`)
    .join("\n");
}

/** `02:05` for 125,000 ms. */
export function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
