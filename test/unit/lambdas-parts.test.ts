import { afterEach, describe, expect, it, vi } from "vitest";
import { withConfigCache } from "../../lambdas/api/config-cache.ts";
import { digestOf, sandboxIdOf } from "../../lambdas/api/sandbox-id.ts";
import { base32 } from "../../lambdas/base32.ts";
import { embeddedMetrics } from "../../lambdas/metrics.ts";
import { sandboxId } from "../../shared/api/schemas.ts";
import { asId, type PoolId, type TenantId } from "../../shared/domain/ids.ts";
import { inMemory, small } from "../support/api.ts";

const acme = asId<TenantId>("acme");

describe("a sandbox's id", () => {
  it("is the same for the same tenant and key, and another for any other pair", () => {
    const id = sandboxIdOf(acme, "k");
    expect(sandboxId.parse(id)).toBe(id);
    expect(sandboxIdOf(acme, "k")).toBe(id);
    expect(sandboxIdOf(asId<TenantId>("acm"), "ek")).not.toBe(sandboxIdOf(asId<TenantId>("acme"), "k"));
    expect(sandboxIdOf(acme, "K")).not.toBe(id);
  });
  it("is written in the alphabet of RFC 4648", () => {
    expect(base32(Buffer.from("foobar"))).toBe("mzxw6ytbo");
  });
});

describe("a digest", () => {
  it("does not depend on the order of fields, and does on everything else", () => {
    expect(digestOf({ a: 1, b: { c: 2, d: [1, 2] } })).toBe(digestOf({ b: { d: [1, 2], c: 2 }, a: 1 }));
    expect(digestOf({ a: [1, 2] })).not.toBe(digestOf({ a: [2, 1] }));
    expect(digestOf({ a: "1" })).not.toBe(digestOf({ a: 1 }));
  });
});

describe("the configuration cache", () => {
  async function counted() {
    const { ports, time } = await inMemory();
    let reads = 0;
    const getConfig = async (poolId: PoolId) => {
      reads++;
      if (poolId === "broken") throw new Error("down");
      return ports.pools.getConfig(poolId);
    };
    const cached = withConfigCache({ ...ports.pools, getConfig }, ports.clock);
    return { cached, time, reads: () => reads };
  }

  it("reads a pool once in half a minute, also when asked by many at once", async () => {
    const { cached, time, reads } = await counted();
    await Promise.all([1, 2, 3].map(() => cached.getConfig(small.poolId)));
    expect(reads()).toBe(1);
    time.now += 29_999;
    expect(await cached.getConfig(small.poolId)).toEqual(small);
    expect(reads()).toBe(1);
    time.now += 1;
    await cached.getConfig(small.poolId);
    expect(reads()).toBe(2);
  });
  it("remembers neither a failed read nor an unknown pool", async () => {
    const { cached, reads } = await counted();
    for (const pool of ["broken", "broken", "new", "new"]) {
      await cached.getConfig(asId<PoolId>(pool)).catch(() => undefined);
    }
    expect(reads()).toBe(4);
  });
});

describe("metrics", () => {
  afterEach(() => vi.restoreAllMocks());

  it("are written at once, one line a call, by service and the dimensions given", () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    const record = embeddedMetrics("Sandlot", "api");
    record({ pool: "small" }, { ClaimsReady: 1, ClaimLatency: 12 });
    record({ pool: "small", reason: "idle" }, { Reaped: 2 });
    record({ pool: "small" }, { ClaimsWaitedOrRefused: 1 });
    record({}, { ClustersOrphaned: 0 });
    vi.restoreAllMocks();
    const written = lines.map((line) => JSON.parse(line));
    expect(written).toMatchObject([
      { service: "api", pool: "small", ClaimsReady: 1, ClaimLatency: 12 },
      { service: "api", pool: "small", reason: "idle", Reaped: 2 },
      { service: "api", pool: "small", ClaimsWaitedOrRefused: 1 },
      { service: "api", ClustersOrphaned: 0 },
    ]);
    expect(written[3]._aws.CloudWatchMetrics[0].Dimensions).toEqual([["service"]]);
    expect(written[2]).not.toHaveProperty("ClaimsReady");
    expect(written[2]).not.toHaveProperty("reason");
    expect(written[0]._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: "Sandlot",
        Dimensions: [["service", "pool"]],
        Metrics: [
          { Name: "ClaimsReady", Unit: "Count" },
          { Name: "ClaimLatency", Unit: "Milliseconds" },
        ],
      },
    ]);
  });
});
