import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, cloudName, playFault } from "../support/fault-scenario.ts";
import { operator } from "../support/leftovers.ts";
import { target } from "../support/sandlot.ts";

const pool = faultPool("answers");

/** What the cloud lists of the pool's clusters, known to the pool or not. */
async function listed(): Promise<readonly string[]> {
  const eks = new EKSClient({ ...operator(), endpoint: target().aws?.eksUrl ?? "" });
  const { clusters = [] } = await eks.send(new ListClustersCommand({}));
  const known = pool.seen().map((it) => cloudName(it.id));
  return clusters.filter((name) => known.includes(name));
}

describe("a cloud without room", () => {
  it.each([
    ["throttled", "ThrottlingException"],
    ["quota", "ResourceLimitExceededException"],
  ] as const)("is asked again later, and warm clusters are handed out meanwhile: %s", (kind, code) =>
    playFault(pool, kind, async (scenario) => {
      await scenario.inject({ kind, pool: pool.id });
      await scenario.keepWarm(2);
      await pool.until("capacity blocked", (it) => it.capacityBlockedUntil !== undefined);
      const asked = await pool.untilCluster("a note of the refusal", (it) => it.notes.create?.includes(code) === true);
      expect(asked.states).toEqual(["requested"]);

      const served = await scenario.holder();
      await scenario.untilRefused("capacity_blocked");
      const waiting = await scenario.claim("bob");
      expect(waiting.answer.status).toBe(202);
      await scenario.clear();
      await waiting.until("ready");
      expect(await waiting.events()).toEqual(["queued", "ready"]);
      expect(await served.events()).toEqual(["ready"]);
      return {
        endState: "capacity_blocked; built once there was room",
        userSaw: "201 from warm; 503 capacity_blocked (onEmpty: fail); queued, ready",
      };
    }),
  );
});

describe("an answer of the cloud", () => {
  it.each([
    ["lost", { kind: "lost", operation: "CreateCluster", times: 1 }],
    ["slow", { kind: "slow", operation: "CreateCluster", delaySeconds: 8, times: 1 }],
  ] as const)("does not make it build a second cluster: %s", (name, fault) =>
    playFault(pool, `${name} answer`, async (scenario) => {
      const before = new Set(pool.seen().map((it) => it.id));
      const injected = await scenario.inject({ ...fault, pool: pool.id });
      const user = await scenario.holder();
      const built = await pool.untilCluster(
        "another cluster",
        (it) => !before.has(it.id) && it.latest.state === "available",
      );
      expect(await scenario.reportOf(injected)).toMatchObject({ hits: 1, clusters: [cloudName(built.id)] });
      const inPool = (await pool.clusters()).map((it) => cloudName(it.id));
      expect([...(await listed())].sort()).toEqual([...inPool].sort());
      expect(await user.events()).toEqual(["ready"]);
      return { endState: "available, one cluster", userSaw: "201 from warm" };
    }),
  );

  it("that access is granted may come before it is true", () =>
    playFault(pool, "accessLag", async (scenario) => {
      const before = new Set(pool.seen().map((it) => it.id));
      await scenario.inject({ kind: "accessLag", delaySeconds: 8, pool: pool.id });
      const user = await scenario.holder();
      const built = await pool.untilCluster(
        "another cluster",
        (it) => !before.has(it.id) && it.latest.state === "available",
      );
      expect(built.notes.bootstrap ?? built.notes.access).toMatch(/HTTP 40[13]/);
      expect(await user.events()).toEqual(["ready"]);
      return { endState: "available, after a wait", userSaw: "201 from warm" };
    }));
});

it("leaves nothing behind", () => auditPool(pool));
