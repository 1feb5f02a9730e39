import { describe, expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, playFault } from "../support/fault-scenario.ts";

const pool = faultPool("builds");

describe("a build that fails", () => {
  it("is torn down and replaced, and whoever waits gets the next one", () =>
    playFault(pool, "failCreate, once", async (scenario) => {
      await scenario.inject({ kind: "failCreate", pool: pool.id, times: 1 });
      await scenario.holder();
      const waiting = await scenario.claim("bob");
      expect(waiting.answer.status).toBe(202);
      const failed = await pool.untilCluster("a failed build", (it) => it.latest.reason === "provisioning_failed");
      expect(failed.latest.detail).toMatch(/InsufficientFreeAddresses/);
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      await pool.until("without it", ({ counts }) => counts.tearingDown === 0);
      return { endState: "deleted: provisioning_failed", userSaw: "queued, ready" };
    }));

  it("three times in a row breaks the class: nothing more is built until an operator resumes the pool", () =>
    playFault(pool, "failCreate, always", async (scenario) => {
      const fault = await scenario.inject({ kind: "failCreate", pool: pool.id });
      await scenario.holder();
      const broken = await pool.until("class broken", (it) => it.lastError?.isBroken === true);
      expect(broken.lastError).toMatchObject({ failures: 3, nextTrialAt: expect.any(String) });
      expect(broken.lastError?.detail).toMatch(/InsufficientFreeAddresses/);
      const waiting = await scenario.claim("bob");
      expect(waiting.answer.status).toBe(202);
      await scenario.alarm("ClassBroken", "class-broken");
      await scenario.untilRefused("class_broken");
      await pool.until("without the failed ones", ({ counts }) => counts.tearingDown === 0);
      expect(await scenario.reportOf(fault)).toMatchObject({ hits: 3 });

      await scenario.clear();
      await pool.operate("POST", "/resume");
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      return {
        endState: "3 deleted: provisioning_failed; class broken, alarm ClassBroken; resumed",
        userSaw: "503 class_broken (onEmpty: fail); queued, ready after the resume",
      };
    }));

  it("because its nodes never become Ready is torn down and replaced", () =>
    playFault(pool, "nodeNeverReady", async (scenario) => {
      await scenario.inject({ kind: "nodeNeverReady", pool: pool.id, times: 1 });
      await scenario.holder();
      const waiting = await scenario.claim("bob");
      const failed = await pool.untilCluster("a failed build", (it) => it.latest.reason === "validation_failed");
      expect(failed.latest.detail).toMatch(/validate took longer than its budget; last seen: nodes Ready 0 of 1/);
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      await pool.until("without it", ({ counts }) => counts.tearingDown === 0);
      return { endState: "deleted: validation_failed", userSaw: "queued, ready" };
    }));

  it("because its version is withdrawn is not tried a second time", () =>
    playFault(pool, "versionWithdrawn", async (scenario) => {
      const { kubernetesVersion: version } = await pool.view();
      await scenario.inject({ kind: "versionWithdrawn", version });
      await scenario.holder();
      const broken = await pool.until("class broken", (it) => it.lastError?.isBroken === true);
      expect(broken.lastError).toMatchObject({
        failures: 1,
        detail: `create: EKS does not offer Kubernetes ${version}`,
      });
      expect(broken.lastError).not.toHaveProperty("nextTrialAt");
      const waiting = await scenario.claim("bob");
      await pool.until("without it", ({ counts }) => counts.tearingDown === 0);
      await scenario.alarm("ClassBroken", "class-broken");
      expect(pool.seen().filter((it) => it.latest.detail === broken.lastError?.detail)).toHaveLength(1);

      await scenario.clear();
      await pool.operate("POST", "/resume");
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      return {
        endState: "deleted: provisioning_failed; class broken at once, alarm ClassBroken; resumed",
        userSaw: "queued, ready after the resume",
      };
    }));
});

it("leaves nothing behind", () => auditPool(pool));
