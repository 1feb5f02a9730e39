import { beforeEach, describe, expect, it } from "vitest";
import { clusterRecord, pool } from "../../shared/api/responses.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import { anApi, claimsOf, small } from "../support/api.ts";
import { aCluster } from "../support/builders.ts";

const id = asId<ClusterId>("cls-1");

let api: Awaited<ReturnType<typeof anApi>>;
beforeEach(async () => {
  api = await anApi();
});

/** Puts the cluster's record where `facts` has it, one version on. */
async function quarantine(step: "externals" | "interfaces") {
  const { pools } = api.ports;
  await pools.createCluster(aCluster.requested({ id, poolId: small.poolId }), await pools.beginPass(small.poolId));
  const progress = { step, startedAt: 0, attempts: 9, dueAt: 0, note: "in use by i-1" };
  const detail = `${step}: in use by i-1`;
  await pools.saveCluster(aCluster.quarantined({ id, poolId: small.poolId, version: 2, progress, detail }));
}

const read = (of = "cls-1") => api.send("GET", `/v1/clusters/${of}`);
const retry = (of = "cls-1") => api.send("POST", `/v1/clusters/${of}/retry`);

describe("a cluster's record", () => {
  it("can be read while it is open", async () => {
    await api.warm("cls-1");
    const answer = await read();
    expect(answer.status).toBe(200);
    expect(clusterRecord.parse(answer.body)).toMatchObject({ id: "cls-1", poolId: "small", state: "available" });
  });

  it("can be read when it is closed, with what was found and who removed it", async () => {
    await quarantine("interfaces");
    const at = api.time.now;
    const removed = [
      { resource: "cluster/one-cls-1", by: "us" as const, at },
      { resource: "volume/vol-1", by: "cloud" as const, at },
    ];
    const report = { found: ["cluster/one-cls-1", "volume/vol-1"], removed, verifiedGoneAt: at };
    const closed = aCluster.deleted({ id, poolId: small.poolId, version: 3, deletedAt: at, report });
    expect(await api.ports.pools.closeCluster(closed)).toBe(true);
    const time = new Date(at).toISOString();
    expect(clusterRecord.parse((await read()).body)).toMatchObject({
      state: "deleted",
      deletedAt: time,
      verifiedGoneAt: time,
      found: report.found,
      removed: [
        { resource: "cluster/one-cls-1", by: "us", at: time },
        { resource: "volume/vol-1", by: "cloud", at: time },
      ],
    });
  });

  it.each(["cls-2", "sbx_1"])("that nobody has heard of is not found: %s", async (unknown) => {
    expect(await read(unknown)).toMatchObject({ status: 404, body: { code: "cluster_not_found" } });
    expect(await retry(unknown)).toMatchObject({ status: 404, body: { code: "cluster_not_found" } });
  });

  it("is for those who administer pools", async () => {
    await api.warm("cls-1");
    const claims = claimsOf({ scope: "pools:read sandboxes:write" });
    expect((await api.send("GET", "/v1/clusters/cls-1", { claims })).status).toBe(403);
    expect((await api.send("POST", "/v1/clusters/cls-1/retry", { claims })).status).toBe(403);
  });
});

describe("a quarantined cluster", () => {
  it("goes back into its tear-down at the step that failed", async () => {
    await quarantine("interfaces");
    const answer = await retry();
    expect(clusterRecord.parse(answer.body)).toMatchObject({
      state: "deleting",
      progress: { step: "interfaces", attempts: 0 },
      detail: "interfaces: in use by i-1",
    });
    expect(answer.body.quarantinedAt).toBeUndefined();
    expect(api.queues.sent.at(-1)?.message).toEqual({
      kind: "advanceCluster",
      poolId: "small",
      clusterId: "cls-1",
      version: 3,
    });
  });

  it("is draining again where it was draining", async () => {
    await quarantine("externals");
    expect((await retry()).body).toMatchObject({ state: "draining", progress: { step: "externals" } });
  });

  it("is the only kind that takes it", async () => {
    await api.warm("cls-1");
    expect(await retry()).toMatchObject({ status: 409, body: { code: "invalid_state", state: "available" } });
  });

  it("refuses the second of two", async () => {
    await quarantine("interfaces");
    expect((await retry()).status).toBe(200);
    expect(await retry()).toMatchObject({ status: 409, body: { code: "invalid_state", state: "deleting" } });
  });

  it("is counted by its pool", async () => {
    await quarantine("interfaces");
    const { counts } = pool.parse((await api.send("GET", "/v1/pools/small")).body);
    expect(counts).toMatchObject({ quarantined: 1, tearingDown: 0, total: 1 });
  });
});
