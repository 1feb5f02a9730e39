import { beforeEach, describe, expect, it } from "vitest";
import { provisionSteps, teardownSteps } from "../../shared/domain/checklist.ts";
import { asId, type OwnerId, type SandboxId } from "../../shared/domain/ids.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import { deleteSandbox } from "../../shared/usecases/delete-sandbox.ts";
import { reapDue } from "../../shared/usecases/reap-due.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { aPoolConfig } from "../support/builders.ts";
import { aWorld, poolId, tenant } from "../support/pool-world.ts";

let world: ReturnType<typeof aWorld>;
beforeEach(async () => {
  world = aWorld();
  const config = aPoolConfig({ poolId });
  await world.ports.pools.putConfig({ ...config, policy: { ...config.policy, minWarm: 1, maxTotal: 2 } });
  await refillPool(world.ports, poolId);
});

describe("provisioning", () => {
  it("takes the steps of the checklist in order and ends in a slot", async () => {
    await world.work();
    expect(world.calls).toEqual(provisionSteps.map((it) => it.step));
    expect(await world.cluster()).toMatchObject({ state: "available", slot: 1 });
  });

  it("waits where the cloud says so, and says what it waits for", async () => {
    world.answers.set("wait", () => ({ kind: "again", afterSeconds: 10, note: "CREATING" }));
    await world.work(5);
    expect(await world.cluster()).toMatchObject({
      state: "provisioning",
      progress: { step: "wait", note: "CREATING" },
    });
  });

  it("takes an answer that nobody expected for one that may pass, and keeps it in the record", async () => {
    world.answers.set("access", () => {
      throw new Error("EKS said 418");
    });
    await world.work(4);
    expect(await world.cluster()).toMatchObject({
      progress: { step: "access", attempts: 2, note: "Error: EKS said 418" },
    });
  });

  it("gives up past the step's budget, tears the cluster down, and another one is made", async () => {
    world.answers.set("wait", () => ({ kind: "again", afterSeconds: 10, note: "CREATING" }));
    await world.work(4);
    world.pass(1300);
    await world.work(1);
    expect(await world.cluster()).toMatchObject({ state: "draining", reason: "provisioning_failed" });
    world.answers.clear();
    await world.work();
    await refillPool(world.ports, poolId);
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "deleted" });
    expect(await world.cluster("cls-2")).toMatchObject({ state: "available" });
  });

  it("keeps the revision of the class that the cloud was asked for, whatever is deployed meanwhile", async () => {
    await world.work(1);
    await world.ports.pools.putConfig(aPoolConfig({ poolId, revision: "r2" }));
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "available", revision: "r1" });
  });

  it("that the cloud has no room for blocks new clusters, once for all that are refused together", async () => {
    world.answers.set("create", () => ({ kind: "capacityBlocked", afterSeconds: 30, note: "quota" }));
    await world.claim("1");
    await world.claim("2");
    world.pass(2);
    await refillPool(world.ports, poolId);
    await world.work(2);
    const block = await world.ports.pools.getCapacity(poolId);
    expect(block?.attempts).toBe(1);
    expect(block && block.until - world.ports.clock()).toBeGreaterThanOrEqual(15_000);
    // They ask again when the block ends: until then the pool says that it has no room, and not longer.
    for (const id of ["cls-1", "cls-2"])
      expect(await world.cluster(id)).toMatchObject({ progress: { dueAt: block?.until } });
    world.pass(40);
    await world.work(1);
    expect((await world.ports.pools.getCapacity(poolId))?.attempts).toBe(2);
    world.answers.clear();
    await world.work();
    expect(await world.ports.pools.getCapacity(poolId)).toBeUndefined();
  });

  it("does not give up for time that its own messages took", async () => {
    world.answers.set("wait", () => ({ kind: "again", afterSeconds: 10, note: "CREATING" }));
    await world.work(2);
    world.pass(1300);
    await world.work(1);
    expect(await world.cluster()).toMatchObject({ state: "provisioning", progress: { step: "wait" } });
  });

  it("drops a message that comes twice", async () => {
    const [message] = world.sent;
    await world.work();
    const before = [...world.calls];
    if (message?.kind !== "advanceCluster") throw new Error("no message");
    expect(await advanceCluster(world.ports, message)).toEqual({ kind: "nothing" });
    expect(world.calls).toEqual(before);
  });
});

describe("a tear-down", () => {
  beforeEach(async () => {
    await world.work();
    world.calls.length = 0;
  });

  async function claimAndDelete() {
    const claimed = await world.claim("1");
    expect(claimed.ok && claimed.value.kind).toBe("ready");
    return deleteSandbox(world.ports, tenant, asId<SandboxId>("sbx_1"));
  }

  it("takes the steps in the order that leaks nothing, and only then ends the sandbox", async () => {
    await claimAndDelete();
    await world.work(teardownSteps.length - 1);
    expect(await world.ports.sandboxes.get(asId("sbx_1"))).toMatchObject({ state: "terminating" });
    await world.work();
    expect(world.calls).toEqual(teardownSteps.map((it) => it.step));
    expect(await world.ports.sandboxes.get(asId("sbx_1"))).toMatchObject({
      state: "terminated",
      reason: "deleted_by_owner",
    });
    const closed = await world.cluster();
    expect(closed?.state === "deleted" && closed.report.verifiedGoneAt).toBeTypeOf("number");
    expect(closed?.state === "deleted" && closed.report.removed.map((it) => it.resource)).toContain("sweep");
  });

  it("reports what was found, and for each thing whether we or the cloud removed it", async () => {
    await claimAndDelete();
    await world.work();
    const closed = await world.cluster();
    const report = closed?.state === "deleted" ? closed.report : undefined;
    expect(report?.found).toEqual(["cluster", "volume/vol-1"]);
    const removers = new Map(report?.removed.map((it) => [it.resource, it.by]));
    expect(removers.get("cluster")).toBe("us");
    expect(removers.get("volume/vol-1")).toBe("cloud");
    expect(report?.removed.filter((it) => it.resource === "cluster")).toHaveLength(1);
  });

  it("says of nothing that the cloud removed it before a look found nothing more", async () => {
    world.answers.set("sweep", () => ({ kind: "again", afterSeconds: 15, note: "1 volumes" }));
    await claimAndDelete();
    await world.work(teardownSteps.length + 2);
    const sweeping = await world.cluster();
    expect(sweeping?.state === "deleting" && sweeping.report.removed.some((it) => it.by === "cloud")).toBe(false);
  });

  it("goes on without an inventory that cannot be made within the budget", async () => {
    world.answers.set("inventory", () => ({ kind: "again", afterSeconds: 5, note: "throttled" }));
    await claimAndDelete();
    await world.work(4);
    world.pass(301);
    world.answers.clear();
    await world.work();
    const closed = await world.cluster();
    expect(closed?.state === "deleted" && closed.report.found).toBeUndefined();
  });

  it("goes on without an API server that does not answer within the budget", async () => {
    world.answers.set("revoke", () => ({ kind: "again", afterSeconds: 5, note: "timed out" }));
    await claimAndDelete();
    await world.work(2);
    world.pass(301);
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "deleted" });
  });

  it("ends in quarantine when the cloud keeps refusing, counts toward the ceiling, and can be taken up again", async () => {
    world.answers.set("interfaces", () => ({ kind: "failed", note: "in use by i-1" }));
    await claimAndDelete();
    await world.work();
    const quarantined = await world.cluster();
    expect(quarantined).toMatchObject({ state: "quarantined", detail: "interfaces: in use by i-1" });
    if (quarantined?.state !== "quarantined") return;

    world.answers.clear();
    const { quarantinedAt: _, ...rest } = quarantined;
    const version = quarantined.version + 1;
    const progress = { step: "revoke" as const, startedAt: 0, attempts: 0, dueAt: 0 };
    expect(await world.ports.pools.saveCluster({ ...rest, state: "draining", version, progress })).toBe(true);
    await refillPool(world.ports, poolId);
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "deleted" });
    expect(await world.ports.sandboxes.get(asId("sbx_1"))).toMatchObject({ state: "terminated" });
  });
});

describe("the queue", () => {
  it("serves first come first served, and whoever brings the cluster makes the match", async () => {
    await world.work();
    await world.claim("1");
    const second = await world.claim("2");
    const third = await world.claim("3", { ownerId: asId<OwnerId>("bob") });
    expect(second.ok && second.value).toMatchObject({ kind: "queued", queue: { position: 1 } });
    expect(third.ok && third.value).toMatchObject({ kind: "queued", queue: { position: 2 } });
    world.pass(2);
    await refillPool(world.ports, poolId);
    await world.work();
    expect(await world.ports.sandboxes.get(asId("sbx_2"))).toMatchObject({ state: "ready", clusterId: "cls-2" });
    expect(await world.ports.sandboxes.get(asId("sbx_3"))).toMatchObject({ state: "pending" });
  });

  it("gives a waiting claim up at its deadline", async () => {
    await world.work();
    await world.claim("1");
    await world.claim("2", { maxQueueSeconds: 30 });
    world.pass(31);
    expect((await reapDue(world.ports)).ended).toEqual([{ poolId, reason: "queue_timeout" }]);
    expect(await world.ports.sandboxes.get(asId("sbx_2"))).toMatchObject({ state: "failed", reason: "queue_timeout" });
  });

  it("refuses, with counts, whoever does not want to wait", async () => {
    await world.work();
    await world.claim("1");
    await refillPool(world.ports, poolId);
    const refused = await world.claim("2", { onEmpty: "fail" });
    expect(refused).toMatchObject({
      ok: false,
      refusal: { code: "pool_exhausted", counts: { claimed: 1, available: 0, maxTotal: 2 } },
    });
  });
});
