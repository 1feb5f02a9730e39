import { describe, expect, it } from "vitest";
import { recentRefusals } from "../../lambdas/api/recent-refusals.ts";
import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import { asId, type OwnerId, type PoolId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import { claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import { deleteSandbox } from "../../shared/usecases/delete-sandbox.ts";
import { aPoolConfig, now } from "../support/builders.ts";

const poolId = asId<PoolId>("small");
const tenant = asId<TenantId>("acme");
const ada = asId<OwnerId>("ada");

describe("the memory of refusals", () => {
  it("forgets an owner after five seconds without another refusal", () => {
    const time = { now };
    const memory = recentRefusals(() => time.now);
    memory.add(tenant, ada);
    time.now += 4_000;
    memory.add(tenant, ada);
    time.now += 4_000;
    expect(memory.has(tenant, ada)).toBe(true);
    time.now += 1_000;
    expect(memory.has(tenant, ada)).toBe(false);
  });

  it("keeps the thousand owners that were refused last, each of its own tenant", () => {
    const memory = recentRefusals(() => now);
    memory.add(tenant, ada);
    for (let n = 0; n < 1_000; n++) memory.add(tenant, asId<OwnerId>(`owner-${n}`));
    expect(memory.has(tenant, ada)).toBe(false);
    expect(memory.has(tenant, asId<OwnerId>("owner-0"))).toBe(true);
    expect(memory.has(asId<TenantId>("globex"), asId<OwnerId>("owner-0"))).toBe(false);
  });
});

describe("an owner over quota", () => {
  async function aPoolForTwo() {
    const clock = () => now;
    const stores = memoryStores();
    const { refill, work } = memoryQueues();
    await stores.pools.putConfig(aPoolConfig({ poolId, quotas: { owner: 2, tenant: 100 } }));
    const ports = { ...stores, refill, work, clock, recentRefusals: recentRefusals(clock) };
    const claim = async (name: string) => {
      const claimed = await claimSandbox(ports, {
        sandboxId: asId<SandboxId>(`sbx_${name}`),
        requestDigest: "digest",
        tenant,
        ownerId: ada,
        poolId,
        reuse: "never",
        onEmpty: "queue",
        labels: {},
        metadata: {},
        parameters: {},
      });
      return claimed.ok ? claimed.value.kind : claimed.refusal.code;
    };
    const head = async () => (await stores.pools.getCounters(poolId)).head;
    return { ports, claim, head };
  }

  it("draws one ticket with its first refused claim, and none with the next ones", async () => {
    const { claim, head } = await aPoolForTwo();
    expect([await claim("1"), await claim("2"), await claim("3")]).toEqual([
      "queued",
      "queued",
      "owner_quota_exceeded",
    ]);
    const before = await head();
    expect(await claim("4")).toBe("owner_quota_exceeded");
    expect(await head()).toBe(before);
  });

  it("gets its own sandbox for a repeated claim", async () => {
    const { claim } = await aPoolForTwo();
    for (const name of ["1", "2", "3"]) await claim(name);
    expect(await claim("2")).toBe("repeated");
  });

  it("claims again as soon as one of its sandboxes ends", async () => {
    const { ports, claim } = await aPoolForTwo();
    for (const name of ["1", "2", "3"]) await claim(name);
    await deleteSandbox(ports, tenant, asId<SandboxId>("sbx_1"));
    expect(await claim("4")).toBe("queued");
  });
});
