import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { progressIn } from "../../local/deploy.ts";
import { describePool } from "../../local/pools.ts";
import { type ProgressWriter, performStep, progressWriter } from "../../local/progress.ts";

let written: string[];
let writer: ProgressWriter;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  written = [];
});
afterEach(() => {
  writer.stop();
  vi.useRealTimers();
});
const output = (isTTY: boolean) => ({ isTTY, columns: 60, write: (text: string) => written.push(text) });

it("to a file, a step tells its end and in between at most a line in ten seconds", () => {
  writer = progressWriter(output(false), Date.now);
  writer.report({ step: "deployment", state: "running", message: "" });
  for (let second = 1; second <= 25; second++) {
    writer.report({ step: "deployment", state: "running", message: `${second} of 25` });
    vi.advanceTimersByTime(1_000);
  }
  writer.report({ step: "deployment", state: "done", message: "" });
  expect(written).toEqual([
    "  deployment: 10 of 25 (10 s)\n",
    "  deployment: 20 of 25 (20 s)\n",
    "✓ deployment (25 s)\n",
  ]);
});

it("to a terminal, one line shows every running step and never wraps", () => {
  writer = progressWriter(output(true), Date.now);
  writer.report({ step: "Kubernetes", state: "running", message: "compiling" });
  writer.report({ step: "template", state: "running", message: "bundling the functions and writing the template" });
  expect(written.at(-1)).toMatch(/Kubernetes: compiling 0\.0 s · template: bundling/);
  expect(written.at(-1)?.replace("\r\u001b[K", "").length).toBeLessThan(60);
  writer.report({ step: "Kubernetes", state: "done", message: "" });
  expect(written.join("")).toContain("✓ Kubernetes (0.0 s)\n");
});

it("a step that throws is told as failed", async () => {
  writer = progressWriter(output(false), Date.now);
  await expect(performStep(writer.report, "AWS", async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(written).toEqual(["✗ AWS (0.0 s)\n"]);
});

it("the CDK's lines become short progress", () => {
  const line = "SandlotLaptop |  3/24 | 11:04:05 AM | CREATE_COMPLETE      | AWS::Lambda::Function | Api (Api8E6)";
  expect(progressIn(line)).toBe("cdk deploy: 3 of 24 resources, AWS::Lambda::Function");
  expect(progressIn("Sandlot: deploying... [1/1]")).toBeUndefined();
});

it("a pool that fills says what its clusters are about", () => {
  const pool = { id: "small", target: 2, counts: { available: 0, inFlight: 2 } };
  const clusters = [
    { state: "provisioning", progress: { step: "wait", n: 2, m: 5 } },
    { state: "validating", progress: { step: "validate", n: 5, m: 5, note: "one node of two" } },
    { state: "deleted" },
  ];
  expect(describePool(pool, clusters)).toBe(
    "warm clusters 0/2, provisioning: wait 2/5, validating: validate 5/5 (one node of two)",
  );
});
