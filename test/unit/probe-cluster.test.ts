import { beforeEach, describe, expect, it } from "vitest";
import { asId, type SandboxId } from "../../shared/domain/ids.ts";
import type { Probe } from "../../shared/ports/cluster-provider.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import { issueCredentials } from "../../shared/usecases/issue-credentials.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { aPoolConfig } from "../support/builders.ts";
import { aWorld, poolId } from "../support/pool-world.ts";

const ailing = (note: string) => (): Probe => ({ kind: "ailing", note });

let world: ReturnType<typeof aWorld>;
/** Delivers the message that asks for the next look at the first cluster, once its time has come. */
async function probe() {
  world.pass(300);
  const due = [...world.later.splice(0), ...world.sent.splice(0)];
  const message = due.find((it): it is Step => it.kind === "advanceCluster" && it.clusterId === "cls-1");
  if (!message) throw new Error("nobody asks for a look");
  world.sent.push(...due.filter((it) => it !== message));
  return advanceCluster(world.ports, message);
}
type Step = Extract<WorkMessage, { kind: "advanceCluster" }>;

async function aWarmCluster(count = 1) {
  world = aWorld();
  const config = aPoolConfig({ poolId });
  await world.ports.pools.putConfig({ ...config, policy: { ...config.policy, minWarm: count, maxTotal: 4 } });
  await refillPool(world.ports, poolId);
  await world.work();
}

describe("a warm cluster", () => {
  beforeEach(() => aWarmCluster());

  it("that is well stays in its slot and is looked at again", async () => {
    expect(await probe()).toEqual({ kind: "well" });
    expect(await world.cluster()).toMatchObject({ state: "available", slot: 1, health: { failures: 0 } });
    expect(world.later).toHaveLength(1);
  });

  it("that does not answer leaves its slot before anybody gets it, and comes back once it answers", async () => {
    world.looks.set("probe", ailing("nodes Ready 1 of 2"));
    world.answers.set("validate", () => ({ kind: "again", afterSeconds: 2, note: "nodes Ready 1 of 2" }));
    expect(await probe()).toEqual({ kind: "suspected", note: "nodes Ready 1 of 2" });
    expect(await world.cluster()).toMatchObject({ state: "validating", progress: { step: "validate" } });
    const claimed = await world.claim("1");
    expect(claimed.ok && claimed.value.kind).toBe("queued");
    world.answers.clear();
    await world.work(2);
    expect(await world.cluster()).toMatchObject({ state: "claimed", sandboxId: "sbx_1" });
    expect(await world.ports.sandboxes.get(asId("sbx_1"))).toMatchObject({ state: "ready" });
  });

  it("keeps the time at which it became warm, and its build counts once", async () => {
    const before = await world.cluster();
    world.looks.set("probe", ailing("no answer"));
    await probe();
    world.looks.clear();
    await world.work(1);
    const after = await world.cluster();
    expect(after).toMatchObject({ state: "available" });
    expect(after?.state === "available" && before?.state === "available" && after.availableAt).toBe(
      before?.state === "available" ? before.availableAt : undefined,
    );
  });

  it("that stays away is torn down, and another one is built; its class is not to blame", async () => {
    world.looks.set("probe", ailing("no answer"));
    world.answers.set("validate", () => ({ kind: "again", afterSeconds: 2, note: "no answer" }));
    await probe();
    await world.work(3);
    world.pass(181);
    await world.work(1);
    expect(await world.cluster()).toMatchObject({ state: "draining", reason: "lost", detail: /no answer/ });
    expect(await world.ports.pools.getBuildFailures(poolId)).toBeUndefined();
    world.answers.clear();
    world.looks.clear();
    await world.work();
    await refillPool(world.ports, poolId);
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "deleted" });
    expect(await world.cluster("cls-2")).toMatchObject({ state: "available" });
  });

  it("that the cloud does not let us look at stays as it is", async () => {
    world.looks.set("inspect", () => {
      throw new Error("ThrottlingException");
    });
    expect(await probe()).toMatchObject({ kind: "unseen" });
    expect(await world.cluster()).toMatchObject({ state: "available", health: { failures: 0 } });
  });

  it("whose next look got lost is looked at after the next pass", async () => {
    world.later.length = 0;
    world.pass(361);
    expect((await refillPool(world.ports, poolId))?.done).toEqual(["advance"]);
    expect(await probe()).toEqual({ kind: "well" });
  });

  it("that has been warm for too long is replaced like a stale one", async () => {
    world.pass(7 * 86_400 + 1);
    await probe();
    expect((await refillPool(world.ports, poolId))?.done).toContain("create");
    await world.work();
    expect((await refillPool(world.ports, poolId))?.done).toContain("roll");
    expect(await world.cluster()).toMatchObject({ state: "draining", reason: "stale" });
  });
});

describe("a cluster that is claimed between two looks", () => {
  it("is looked at when the next one was due, and once", async () => {
    await aWarmCluster();
    const [asked] = world.later;
    await world.claim("1");
    expect(await probe()).toEqual({ kind: "well" });
    expect(await world.cluster()).toMatchObject({ state: "claimed", health: { failures: 0 } });
    expect(world.later).toHaveLength(1);
    if (asked?.kind !== "advanceCluster") throw new Error("nobody asks for a look");
    expect(await advanceCluster(world.ports, asked)).toEqual({ kind: "nothing" });
  });
});

describe("when most warm clusters are in doubt at once", () => {
  it("none is torn down for half an hour: the cause is hardly in each of them", async () => {
    await aWarmCluster(3);
    world.looks.set("probe", ailing("our own network"));
    world.answers.set("validate", () => ({ kind: "again", afterSeconds: 2, note: "our own network" }));
    world.pass(361);
    world.later.length = 0;
    await refillPool(world.ports, poolId);
    await world.work(12);
    world.pass(181);
    await world.work(6);
    for (const id of ["cls-1", "cls-2", "cls-3"])
      expect(await world.cluster(id)).toMatchObject({ state: "validating" });
    world.pass(1800);
    await world.work(3);
    expect(await world.cluster()).toMatchObject({ state: "draining", reason: "lost" });
  });
});

describe("a claimed cluster", () => {
  beforeEach(async () => {
    await aWarmCluster();
    await world.claim("1");
    world.later.length = 0;
    world.pass(361);
    await refillPool(world.ports, poolId);
  });

  it("may be broken by its user for a while", async () => {
    world.looks.set("reach", ailing("no answer"));
    expect(await probe()).toMatchObject({ kind: "ailing" });
    expect(await world.cluster()).toMatchObject({ state: "claimed", health: { failures: 1, note: "no answer" } });
    world.looks.clear();
    expect(await probe()).toEqual({ kind: "well" });
    expect(await world.cluster()).toMatchObject({ state: "claimed", health: { failures: 0 } });
  });

  it("that answers nothing for five minutes ends its sandbox as lost, with an event, and frees its place", async () => {
    world.looks.set("reach", ailing("no answer"));
    await probe();
    await probe();
    expect(await probe()).toEqual({ kind: "lost", note: "no answer" });
    const sandbox = await world.ports.sandboxes.get(asId<SandboxId>("sbx_1"));
    expect(sandbox).toMatchObject({ state: "failed", reason: "lost" });
    expect(sandbox?.events.at(-1)).toMatchObject({ type: "failed", reason: "lost" });
    await world.work();
    expect(await world.cluster()).toMatchObject({ state: "deleted", reason: "lost" });
    const issuer = { issue: async () => Promise.reject(new Error("asked for a credential")) };
    const refused = await issueCredentials({ ...world.ports, issuer }, asId("acme"), asId("sbx_1"));
    expect(refused).toMatchObject({ ok: false, refusal: { code: "sandbox_terminated", reason: "lost" } });
  });

  it("that the cloud no longer has is lost after the third look", async () => {
    world.looks.set("inspect", () => ({ kind: "gone", note: "not found" }));
    const looks = [await probe(), await probe(), await probe()];
    expect(looks.map((it) => it.kind)).toEqual(["ailing", "ailing", "lost"]);
  });
});
