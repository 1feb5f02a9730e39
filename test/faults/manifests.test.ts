import { expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, playFault } from "../support/fault-scenario.ts";

const pool = faultPool("manifests");

it("a manifest that Kubernetes rejects fails one build, and the pool says why", () =>
  playFault(pool, "manifest rejected by Kubernetes", async (scenario) => {
    const user = await scenario.claim("ada");
    expect(user.answer.status).toBe(202);
    const broken = await pool.until("class broken", (it) => it.lastError?.isBroken === true);
    expect(broken.lastError).toMatchObject({ failures: 1 });
    expect(broken.lastError).not.toHaveProperty("nextTrialAt");
    expect(broken.lastError?.detail).toMatch(/^bootstrap: Service nowhere \(manifests\/rejected\.yaml\).*70000/);
    await scenario.alarm("ClassBroken", "class-broken");
    await scenario.untilRefused("class_broken");
    await pool.until("without it", ({ counts }) => counts.total === 0);
    expect(pool.seen().map((it) => it.latest.reason)).toEqual(["provisioning_failed"]);
    await user.leave();
    expect(await user.events()).toEqual(["queued", "terminated:deleted_by_owner"]);
    await pool.operate("POST", "/resume");
    return {
      endState: "deleted: provisioning_failed; class broken at once, alarm ClassBroken",
      userSaw: "queued; 503 class_broken (onEmpty: fail)",
    };
  }));

it("leaves nothing behind", () => auditPool(pool));
