import { describe, expect, it } from "vitest";
import { playBatch } from "./batch.ts";
import { simulate } from "./world.ts";

describe("the claim protocol under crashes, lost answers, duplicates and delays", () => {
  it("keeps every invariant over a share of the seeds", async () => {
    const { failed, done, races, crashes } = await playBatch({ from: 1, count: 3_000 });
    expect(failed).toEqual([]);
    expect(done).toBe(3_000);
    expect(Object.keys(races).length).toBeGreaterThan(8);
    expect(Object.keys(crashes).length).toBeGreaterThan(50);
  });

  it("plays one seed the same way twice, to the bit", async () => {
    const [first, second] = [await simulate(7, { traced: true }), await simulate(7, { traced: true })];
    expect(first.trace.length).toBeGreaterThan(20);
    expect(second.trace).toEqual(first.trace);
  });
});
