import { beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../lambdas/janitor/janitor.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import type { CloudLook, Holding } from "../../shared/domain/reconcile.ts";
import { type OrphanMode, reconcileCloud } from "../../shared/usecases/reconcile-cloud.ts";
import { inMemory, lambdaContext, quiet, small } from "../support/api.ts";
import { aCluster } from "../support/builders.ts";

const id = asId<ClusterId>("cls-1");
const volume: Holding = { clusterId: id, resource: "volume/vol-1", createdAt: 0 };
const minutes = (count: number) => count * 60_000;

/** A deployment in memory over a cloud that holds what the test says, at the first look and at the second. */
async function aDeployment() {
  const parts = await inMemory();
  const nothing: Omit<CloudLook, "at"> = { held: [], ghosts: [] };
  const cloud = { look: nothing, lookAt: undefined as Omit<CloudLook, "at"> | undefined };
  const inventory = { look: async () => cloud.look, lookAt: async () => cloud.lookAt ?? cloud.look };
  const ports = { ...parts.ports, inventory };
  const close = async (minutesAgo: number) => {
    const { pools } = parts.ports;
    await pools.createCluster(aCluster.requested({ id, poolId: small.poolId }), await pools.beginPass(small.poolId));
    const deletedAt = parts.time.now - minutes(minutesAgo);
    await pools.closeCluster(aCluster.deleted({ id, poolId: small.poolId, version: 2, deletedAt }));
  };
  const pass = (mode: OrphanMode = "report") => reconcileCloud(ports, mode);
  return { ...parts, ports, cloud, close, pass };
}

let deployment: Awaited<ReturnType<typeof aDeployment>>;
beforeEach(async () => {
  deployment = await aDeployment();
});

const removal = { message: { kind: "removeOrphan", clusterId: "cls-1", attempts: 0 }, delaySeconds: 0 };

describe("a pass of the janitor", () => {
  it("reports an orphan, and has it removed only where the deployment says so", async () => {
    const { cloud, pass, queues } = deployment;
    cloud.look = { held: [volume], ghosts: [] };
    expect(await pass("report")).toMatchObject([{ finding: { kind: "orphan", clusterId: "cls-1" }, action: "none" }]);
    expect(queues.sent).toEqual([]);
    expect(await pass("delete")).toMatchObject([{ finding: { kind: "orphan" }, action: "removal" }]);
    expect(queues.sent).toEqual([removal]);
  });

  it("has removed in any mode what a closed record left behind", async () => {
    const { cloud, close, pass, queues } = deployment;
    await close(60);
    cloud.look = { held: [volume], ghosts: [] };
    expect(await pass("report")).toMatchObject([{ finding: { kind: "leak" }, action: "removal" }]);
    expect(queues.sent).toEqual([removal]);
  });

  it("does nothing about what a second look no longer shows", async () => {
    const { cloud, close, pass, queues } = deployment;
    await close(60);
    cloud.look = { held: [volume], ghosts: [] };
    cloud.lookAt = { held: [], ghosts: [] };
    expect(await pass("delete")).toEqual([]);
    expect(queues.sent).toEqual([]);
  });

  it("has a warm cluster that vanished probed", async () => {
    const { warm, time, pass, queues, ports } = deployment;
    await warm("cls-1");
    time.now += minutes(30);
    const [sentBefore] = [queues.sent.length];
    expect(await pass()).toMatchObject([{ finding: { kind: "vanished" }, action: "probe" }]);
    const record = await ports.pools.getCluster(small.poolId, id);
    const probe = { kind: "advanceCluster", poolId: "small", clusterId: "cls-1", version: record?.version };
    expect(queues.sent.slice(sentBefore).map((it) => it.message)).toEqual([probe]);
  });

  it("leaves alone a cluster that was taken out of the pool between its two looks", async () => {
    const { warm, time, pass, ports, cloud, queues } = deployment;
    await warm("cls-1");
    time.now += minutes(30);
    const before = queues.sent.length;
    const inventory = {
      look: async () => cloud.look,
      lookAt: async () => {
        const record = await ports.pools.getCluster(small.poolId, id);
        if (record?.state !== "available") throw new Error("It is not warm.");
        const draining = aCluster.draining({ id, poolId: small.poolId, version: record.version + 1 });
        await ports.pools.withdrawCluster(draining, record.slot);
        return cloud.look;
      },
    };
    expect(await reconcileCloud({ ...ports, inventory }, "delete")).toEqual([]);
    expect(queues.sent).toHaveLength(before);
    expect(await pass()).toEqual([]);
  });

  it("only reports ghosts", async () => {
    const { cloud, pass, queues } = deployment;
    cloud.look = { held: [], ghosts: [id] };
    expect(await pass("delete")).toEqual([{ finding: { kind: "ghost", clusterId: "cls-1" }, action: "none" }]);
    expect(queues.sent).toEqual([]);
  });
});

describe("the janitor function", () => {
  const run = (parts: typeof deployment, inventory = parts.ports.inventory) =>
    createHandler({ ...parts.ports, inventory, orphans: "report" }, quiet)({} as never, lambdaContext);

  it("tells what it found, and that it found nothing", async () => {
    const { cloud, recorded } = deployment;
    await run(deployment);
    const second = asId<ClusterId>("cls-2");
    cloud.look = { held: [volume, { ...volume, clusterId: second, resource: "volume/vol-2" }], ghosts: [] };
    await deployment.close(60);
    await run(deployment);
    const none = { ClustersOrphaned: 0, ResourcesLeaked: 0, ClustersVanished: 0, GhostsListed: 0 };
    expect(recorded).toEqual([
      [{}, none],
      [{}, { ...none, ClustersOrphaned: 1, ResourcesLeaked: 1 }],
    ]);
  });

  it("does nothing and fails when a list fails: what was not seen is not gone", async () => {
    const { warm, time, recorded, queues } = deployment;
    await warm("cls-1");
    time.now += minutes(30);
    const before = queues.sent.length;
    const look = async () => {
      throw new Error("AccessDenied");
    };
    await expect(run(deployment, { ...deployment.ports.inventory, look })).rejects.toThrow("AccessDenied");
    expect(recorded).toEqual([[{}, { JanitorSkipped: 1 }]]);
    expect(queues.sent).toHaveLength(before);
  });
});
