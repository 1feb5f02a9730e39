import type { Contest } from "./scenarios/contention.ts";

const width = 720;
const height = 360;
const left = 60;
const right = width - 20;
const top = 50;
const bottom = height - 50;
const colours = ["#1b6ca8", "#d1495b", "#66a182", "#edae49"] as const;

/** The share of claims answered within a time, on a logarithmic axis of milliseconds. */
export function latencyPlot(series: Readonly<Record<string, readonly number[]>>): string {
  const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
  const x = (milliseconds: number) =>
    left + (Math.log(Math.min(1_000, Math.max(1, milliseconds))) / Math.log(1_000)) * (right - left);
  const y = (share: number) => bottom - share * (bottom - top);
  const lines = Object.entries(series).flatMap(([name, values], index) => {
    const sorted = values.toSorted((a, b) => a - b);
    const step = Math.max(1, Math.floor(sorted.length / 300));
    const points = sorted
      .map((value, n) => [value, (n + 1) / sorted.length] as const)
      .filter((_, n) => n % step === 0 || n === sorted.length - 1)
      .map(([value, share]) => `${x(value).toFixed(1)},${y(share).toFixed(1)}`);
    const colour = colours[index % colours.length] ?? "black";
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(" ")}"/>`,
      text(left + 12, top + 16 + index * 18, name, { fill: colour }),
    ];
  });
  return svg("Latency of claims: share answered within a time", [
    ...[0, 0.5, 0.9, 0.99, 1].flatMap((share) => [
      rule(left, y(share), right, y(share)),
      ...(share === 1 ? [] : [text(left - 8, y(share) + 4, `${share * 100} %`, { anchor: "end" })]),
    ]),
    ...ticks.flatMap((tick) => [
      rule(x(tick), top, x(tick), bottom),
      text(x(tick), bottom + 18, String(tick), { anchor: "middle" }),
    ]),
    text((left + right) / 2, height - 12, "milliseconds", { anchor: "middle" }),
    ...lines,
  ]);
}

/** Failed conditional writes for each claimer who got a cluster, by strategy; the bars' height is the square root. */
export function failedWritesPlot(contests: readonly Contest[]): string {
  const highest = Math.max(1, ...contests.map((it) => it.failedPerWinner));
  const slot = (right - left) / contests.length;
  const bars = contests.flatMap(({ strategy, clusters, failedPerWinner }, index) => {
    const tall = Math.sqrt(failedPerWinner / highest) * (bottom - top - 20);
    const centre = left + slot * (index + 0.5);
    return [
      `<rect x="${(centre - slot * 0.3).toFixed(1)}" y="${(bottom - tall).toFixed(1)}" width="${(slot * 0.6).toFixed(1)}" ` +
        `height="${tall.toFixed(1)}" fill="${colours[index % 3] ?? "black"}"/>`,
      text(centre, bottom - tall - 6, failedPerWinner.toFixed(1), { anchor: "middle" }),
      text(centre, bottom + 18, strategy, { anchor: "middle" }),
      text(centre, bottom + 34, `${clusters} clusters`, { anchor: "middle" }),
    ];
  });
  return svg("100 claimers at once: failed conditional writes per winner (square-root scale)", [
    rule(left, bottom, right, bottom),
    ...bars,
  ]);
}

interface TextStyle {
  readonly anchor?: "middle" | "end";
  readonly fill?: string;
}

function text(x: number, y: number, content: string, { anchor, fill = "#333" }: TextStyle = {}): string {
  const aligned = anchor === undefined ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${fill}"${aligned}>${content}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function svg(title: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(left, 28, title, { fill: "#000" }),
    ...content,
    "</svg>\n",
  ].join("\n");
}
