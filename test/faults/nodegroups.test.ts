import { describe, expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, cloudName, playFault } from "../support/fault-scenario.ts";

const pool = faultPool("nodegroups");

describe("a node group", () => {
  it("that fails takes its cluster with it, and whoever waits gets the next one", () =>
    playFault(pool, "nodegroupCreateFailed", async (scenario) => {
      await scenario.inject({ kind: "nodegroupCreateFailed", pool: pool.id, times: 1 });
      await scenario.holder();
      const waiting = await scenario.claim("bob");
      expect(waiting.answer.status).toBe(202);
      const failed = await pool.untilCluster("a failed build", (it) => it.latest.reason === "provisioning_failed");
      expect(failed.latest.detail).toMatch(/^nodes: node group CREATE_FAILED: NodeCreationFailure/);
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      await pool.until("without it", ({ counts }) => counts.tearingDown === 0);
      return { endState: "deleted: provisioning_failed", userSaw: "queued, ready" };
    }));

  it("that cannot be deleted keeps its cluster in quarantine, until an operator asks again", () =>
    playFault(pool, "nodegroupDeleteFailed", async (scenario) => {
      const user = await scenario.holder();
      await scenario.inject({ kind: "nodegroupDeleteFailed", cluster: cloudName(user.clusterId) });
      const leaving = user.leave();
      const detail = /^compute: .*Ec2SecurityGroupDeletionFailure/;
      await scenario.untilQuarantined(user.clusterId, { reason: "sandbox_ended", detail });
      expect(await user.sandbox()).toMatchObject({ state: "terminating", stateReason: "deleted_by_owner" });
      await pool.until("its warm cluster in any case", ({ counts }) => counts.available === 1);

      await scenario.clear();
      expect((await pool.retry(user.clusterId)).status).toBe(200);
      await leaving;
      expect(await user.sandbox()).toMatchObject({ state: "terminated" });
      const { removed } = await pool.record(user.clusterId);
      expect(removed?.filter((it) => it.resource.startsWith("nodegroup/"))).toEqual([
        expect.objectContaining({ by: "us" }),
      ]);
      return {
        endState: "quarantined at compute, alarm ClusterQuarantined; deleted after a retry",
        userSaw: (await user.events()).join(", "),
      };
    }));
});

it("leaves nothing behind", () => auditPool(pool));
