import { DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, cloudName, playFault } from "../support/fault-scenario.ts";
import { exposeWeb } from "../support/fault-web.ts";
import { operator } from "../support/leftovers.ts";
import { target } from "../support/sandlot.ts";

const pool = faultPool("teardowns");

describe("a tear-down", () => {
  it("deletes the network interface that a node leaves, and says so", () =>
    playFault(pool, "leakedInterface", async (scenario) => {
      const user = await scenario.holder();
      await scenario.inject({ kind: "leakedInterface", cluster: cloudName(user.clusterId) });
      await user.leave();
      expect(await user.sandbox()).toMatchObject({ state: "terminated", stateReason: "deleted_by_owner" });
      const { removed: all } = await pool.record(user.clusterId);
      const leaked = all?.filter((it) => it.resource.startsWith("network-interface/") && it.by === "us");
      expect(leaked).toHaveLength(1);
      return { endState: "deleted; interface removed by us", userSaw: (await user.events()).join(", ") };
    }));

  it("does not wait for ever for a load balancer whose finalizer hangs", () =>
    playFault(pool, "loadBalancerHangs", async (scenario) => {
      const user = await scenario.holder();
      await exposeWeb(user);
      await scenario.inject({ kind: "loadBalancerHangs", cluster: cloudName(user.clusterId) });
      await user.leave();
      expect(await user.sandbox()).toMatchObject({ state: "terminated" });
      const { notes } = await pool.untilCluster("the cluster", (it) => it.id === user.clusterId);
      expect(notes.externals).toMatch(/waiting for service\/default\/web/);
      const { found, removed } = await pool.record(user.clusterId);
      expect(found?.some((it) => it.startsWith("load-balancer/"))).toBe(true);
      expect(removed).toContainEqual(expect.objectContaining({ resource: "service/default/web", by: "us" }));
      expect(removed).toContainEqual(
        expect.objectContaining({ resource: expect.stringMatching(/^load-balancer\//), by: "cloud" }),
      );
      return {
        endState: "deleted past the budget of externals; load balancer gone with the cluster",
        userSaw: (await user.events()).join(", "),
      };
    }));

  it("that the cloud does not finish ends in quarantine, and goes on when an operator asks for it", () =>
    playFault(pool, "stuckDeleting", async (scenario) => {
      const user = await scenario.holder();
      await scenario.inject({ kind: "stuckDeleting", cluster: cloudName(user.clusterId) });
      const leaving = user.leave();
      const reason = /^verify: verify took longer than its budget; last seen: the cloud is deleting it/;
      await scenario.untilQuarantined(user.clusterId, { reason: "sandbox_ended", detail: reason });
      expect(await user.sandbox()).toMatchObject({ state: "terminating", stateReason: "deleted_by_owner" });
      await pool.until("its warm cluster in any case", ({ counts }) => counts.available === 1);

      await scenario.clear();
      expect((await pool.retry(user.clusterId)).status).toBe(200);
      await leaving;
      expect(await user.sandbox()).toMatchObject({ state: "terminated" });
      return {
        endState: "quarantined at verify, alarm ClusterQuarantined; deleted after a retry",
        userSaw: (await user.events()).join(", "),
      };
    }));

  it("is over when the cloud no longer knows the cluster, though it still lists it", () =>
    playFault(pool, "ghost", async (scenario) => {
      const user = await scenario.holder();
      const name = cloudName(user.clusterId);
      await scenario.inject({ kind: "ghost", cluster: name });
      await user.leave();
      expect(await user.sandbox()).toMatchObject({ state: "terminated" });
      const eks = new EKSClient({ ...operator(), endpoint: target().aws?.eksUrl ?? "" });
      expect((await eks.send(new ListClustersCommand({}))).clusters).toContain(name);
      await expect(eks.send(new DescribeClusterCommand({ name }))).rejects.toThrow(/No cluster found/);
      const next = await scenario.claim("bob");
      await next.until("ready");
      return { endState: "deleted; claims as ever", userSaw: (await user.events()).join(", ") };
    }));
});

it("leaves nothing behind", () => auditPool(pool));
