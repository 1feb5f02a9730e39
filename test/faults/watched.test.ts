import { DescribeNetworkInterfacesCommand, DetachNetworkInterfaceCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, it } from "vitest";
import { faultPool } from "../support/fault-pool.ts";
import { auditPool, cloudName, type FaultScenario, playFault, type User } from "../support/fault-scenario.ts";
import { exposeWeb } from "../support/fault-web.ts";
import { leftovers, operator } from "../support/leftovers.ts";

const pool = faultPool("watched");

/** A user, and the warm cluster that the pool has built in place of theirs. */
async function claimedAndWarm(scenario: FaultScenario) {
  const user = await scenario.holder();
  await pool.untilAtTarget();
  const warm = await scenario.warm();
  return { user, warmId: warm.id };
}

/** The user is told, the pool alarms, and nobody gets the warm one: it leaves its slot before it is torn down. */
async function expectBothLost(scenario: FaultScenario, { user, warmId }: { user: User; warmId: string }) {
  const waiting = await pool
    .untilCluster("in doubt", (it) => it.id === warmId && it.latest.state === "validating")
    .then(() => scenario.claim("carol"));
  expect(waiting.answer.status).toBe(202);
  const lost = await pool.untilCluster("torn down", (it) => it.id === warmId && it.latest.reason === "lost");
  expect(lost.states.slice(lost.states.indexOf("available")).slice(0, 3)).toEqual([
    "available",
    "validating",
    "draining",
  ]);
  const failed = await user.until("failed");
  expect(failed.stateReason).toBe("lost");
  expect((await user.events()).at(-1)).toBe("failed:lost");
  await scenario.alarm("SandboxesLost", "sandbox-lost");
  const ready = await waiting.until("ready");
  expect(ready.clusterId).not.toBe(warmId);
}

/** What an operator does about interfaces that a node still holds which nobody looks after any more. */
async function detachInterfaces(clusterId: string): Promise<void> {
  const ec2 = new EC2Client(operator());
  const { interfaces } = await leftovers(clusterId);
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [...interfaces] }),
  );
  for (const { Attachment } of NetworkInterfaces) {
    await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId: Attachment?.AttachmentId }));
  }
}

it("clusters whose API server is dead are lost to their user, and given to nobody", () =>
  playFault(pool, "apiServerDead, warm and claimed", async (scenario) => {
    const both = await claimedAndWarm(scenario);
    for (const id of [both.warmId, both.user.clusterId])
      await scenario.inject({ kind: "apiServerDead", cluster: cloudName(id) });
    await expectBothLost(scenario, both);
    await pool.until("without them", ({ counts }) => counts.tearingDown === 0);
    for (const id of [both.warmId, both.user.clusterId])
      expect(await pool.record(id)).toMatchObject({ state: "deleted", reason: "lost" });
    return {
      endState: "both deleted: lost, alarm SandboxesLost",
      userSaw: "claimed: ready, failed:lost; warm: nobody",
    };
  }));

it("clusters that vanish are lost to their user, and given to nobody; what they left is not forgotten", () =>
  playFault(pool, "vanish, warm and claimed", async (scenario) => {
    const both = await claimedAndWarm(scenario);
    await exposeWeb(both.user);
    const ids = [both.warmId, both.user.clusterId];
    for (const id of ids) await scenario.inject({ kind: "vanish", cluster: cloudName(id) });
    await expectBothLost(scenario, both);
    // Interfaces in use are not ours to take from whoever uses them.
    const detail = /^sweep: .*last seen: found \d network interfaces/;
    for (const id of ids) {
      await scenario.untilQuarantined(id, { reason: "lost", detail });
      await detachInterfaces(id);
      expect((await pool.retry(id)).status).toBe(200);
    }
    await pool.until("without them", ({ counts }) => counts.tearingDown + counts.quarantined === 0);
    for (const id of ids) expect(await pool.record(id)).toMatchObject({ state: "deleted", reason: "lost" });
    const { removed } = await pool.record(both.user.clusterId);
    expect(removed).toContainEqual(
      expect.objectContaining({ resource: expect.stringMatching(/^load-balancer\//), by: "us" }),
    );
    return {
      endState: "both lost, load balancer swept by us; quarantined with the interfaces, alarms; deleted after a retry",
      userSaw: `claimed: ${(await both.user.events()).join(", ")}; warm: nobody`,
    };
  }));

it("a warm cluster whose API server is slow is in doubt for as long", () =>
  playFault(pool, "apiServerSlow, warm", async (scenario) => {
    const { id } = await scenario.warm();
    await scenario.inject({ kind: "apiServerSlow", delaySeconds: 7, cluster: cloudName(id) });
    await pool.untilCluster("in doubt", (it) => it.id === id && it.latest.state === "validating");
    const user = await scenario.claim("carol");
    expect(user.answer.status).toBe(202);
    await scenario.clear();
    const cleared = await pool.untilCluster("back", (it) => {
      return it.id === id && ["available", "claimed"].includes(it.latest.state);
    });
    expect(cleared.states).not.toContain("draining");
    await user.until("ready");
    return { endState: "in doubt, then available", userSaw: (await user.events()).join(", ") };
  }));

it("leaves nothing behind", () => auditPool(pool));
