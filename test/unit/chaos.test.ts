import { describe, expect, it } from "vitest";
import { claimedTwice, neverAnswered, notAtRest } from "../chaos/audit.ts";
import { leftSince } from "../chaos/cloud.ts";
import { openLedger } from "../chaos/ledger.ts";
import { type MemorySample, trendsOf } from "../chaos/memory.ts";
import { scheduleOf } from "../chaos/schedule.ts";

const aLedger = () => openLedger(() => 0);

describe("a run's schedule", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(scheduleOf(3, 5)).toEqual(scheduleOf(3, 5));
    expect(scheduleOf(4, 5)).not.toEqual(scheduleOf(3, 5));
  });

  it("has every kind of trouble within two minutes, in order, and faults that end by themselves", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { visits, blows } = scheduleOf(seed, 2);
      expect(visits.length).toBeGreaterThan(8);
      expect(new Set(blows.map(({ kind }) => kind))).toEqual(
        new Set(["function", "controlPlane", "eks", "etcd", "fault"]),
      );
      expect(blows.map(({ at }) => at)).toEqual(blows.map(({ at }) => at).sort((a, b) => a - b));
      for (const blow of blows) if (blow.kind === "fault") expect(blow.fault.seconds).toBeGreaterThan(0);
    }
  });
});

describe("the audit", () => {
  it("finds a cluster that two sandboxes were answered with", () => {
    const ledger = aLedger();
    ledger.saw({ id: "sbx_1", state: "ready", clusterId: "cls-1" });
    ledger.saw({ id: "sbx_1", state: "terminated", stateReason: "expired", clusterId: "cls-1" });
    expect(claimedTwice(ledger.sandboxes())).toEqual([]);
    ledger.saw({ id: "sbx_2", state: "active", clusterId: "cls-1" });
    expect(claimedTwice(ledger.sandboxes())).toEqual(["cls-1: sbx_1, sbx_2"]);
  });

  it("finds a key that was answered with two sandboxes, and a sandbox on two clusters", () => {
    const ledger = aLedger();
    ledger.saw({ id: "sbx_1", state: "pending" }, "key");
    ledger.saw({ id: "sbx_2", state: "ready", clusterId: "cls-1" }, "key");
    ledger.saw({ id: "sbx_2", state: "ready", clusterId: "cls-2" });
    expect(ledger.contradictions()).toEqual([
      "key was answered with sbx_1 and with sbx_2",
      "sbx_2 was on cls-1 and then on cls-2",
    ]);
  });

  it("finds claims without an answer, and sandboxes that stay", () => {
    const ledger = aLedger();
    ledger.saw({ id: "sbx_1", state: "pending" }, "k1");
    ledger.saw({ id: "sbx_2", state: "failed" }, "k2");
    ledger.saw({ id: "sbx_3", state: "terminated", stateReason: "queue_timeout" }, "k3");
    ledger.saw({ id: "sbx_4", state: "ready", clusterId: "cls-4" }, "k4");
    expect(neverAnswered(ledger.sandboxes())).toEqual(["sbx_1 (k1): pending", "sbx_2 (k2): failed"]);
    expect(notAtRest(ledger.sandboxes())).toEqual(["sbx_4 (k4, cls-4): ready"]);
  });

  it("finds what the account holds now and did not before", () => {
    const nothing = {
      clusters: [],
      volumes: [],
      interfaces: [],
      loadBalancers: [],
      targetGroups: [],
      securityGroups: ["sg-default"],
      logGroups: [],
    };
    const after = { ...nothing, volumes: ["vol-1"], securityGroups: ["sg-default", "sg-1"] };
    expect(leftSince(nothing, after)).toEqual({ ...nothing, volumes: ["vol-1"], securityGroups: ["sg-1"] });
  });
});

describe("memory over a run", () => {
  it("has grown by the last fifth's median over the second fifth's", () => {
    const samples = Array.from({ length: 50 }, (_, n): MemorySample => ({ at: n, bytes: { eks: n < 40 ? 100 : 112 } }));
    const [trend] = trendsOf(samples);
    expect(trend).toMatchObject({ role: "eks", median: 100, most: 112, isHeld: true });
    expect(trend?.growth).toBeCloseTo(0.12);
  });
});
