import { beforeEach, describe, expect, it } from "vitest";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import type { StepOutcome } from "../../shared/ports/cluster-provider.ts";
import { removeOrphan } from "../../shared/usecases/remove-orphan.ts";
import { inMemory, small } from "../support/api.ts";
import { aCluster } from "../support/builders.ts";
import { instantCloud } from "../support/instant-cloud.ts";

const id = asId<ClusterId>("cls-1");
type Step = "compute" | "interfaces" | "cluster" | "verify" | "sweep";

/** A cloud that does what `answers` says at a step and otherwise succeeds at once. */
async function aDeployment() {
  const { ports, queues, warm } = await inMemory();
  const calls: Step[] = [];
  const answers = new Map<Step, () => StepOutcome>();
  const act = (step: Step) => async () => {
    calls.push(step);
    return { removed: [`${step}/1`], ...(answers.get(step)?.() ?? { kind: "done" as const }) };
  };
  const provider = {
    ...instantCloud,
    removeCompute: act("compute"),
    removeInterfaces: act("interfaces"),
    removeCluster: act("cluster"),
    verifyGone: act("verify"),
    sweep: act("sweep"),
  };
  const attempt = (attempts = 0) =>
    removeOrphan({ ...ports, provider }, { kind: "removeOrphan", clusterId: id, attempts });
  return { ports, queues, warm, calls, answers, attempt };
}

let deployment: Awaited<ReturnType<typeof aDeployment>>;
beforeEach(async () => {
  deployment = await aDeployment();
});

const all: Step[] = ["compute", "interfaces", "cluster", "verify", "sweep"];

describe("removing what is left of a cluster", () => {
  it("takes the cloud's steps of every tear-down in their order", async () => {
    expect(await deployment.attempt()).toEqual({ kind: "gone", removed: all.map((step) => `${step}/1`) });
    expect(deployment.calls).toEqual(all);
    expect(deployment.queues.sent).toEqual([]);
  });

  it("comes back for a step that must wait, and goes through all of them again", async () => {
    const { answers, attempt, calls, queues } = deployment;
    answers.set("verify", () => ({ kind: "again", afterSeconds: 5, note: "DELETING" }));
    expect(await attempt(3)).toMatchObject({ kind: "waiting", step: "verify", note: "DELETING" });
    expect(queues.sent).toEqual([
      { message: { kind: "removeOrphan", clusterId: "cls-1", attempts: 4 }, delaySeconds: 15 },
    ]);
    answers.clear();
    calls.length = 0;
    expect(await attempt(4)).toMatchObject({ kind: "gone" });
    expect(calls).toEqual(all);
  });

  it("leaves it to the next pass of the janitor after many attempts, or when the cloud refuses for good", async () => {
    const { answers, attempt, queues } = deployment;
    answers.set("sweep", () => ({ kind: "again", afterSeconds: 15, note: "1 volumes" }));
    expect(await attempt(59)).toMatchObject({ kind: "givenUp", step: "sweep", note: "1 volumes" });
    answers.set("sweep", () => ({ kind: "failed", note: "never" }));
    expect(await attempt()).toMatchObject({ kind: "givenUp", step: "sweep", note: "never" });
    expect(queues.sent).toEqual([]);
  });

  it("tries an answer that nobody expected again", async () => {
    deployment.answers.set("cluster", () => {
      throw new Error("EKS said 418");
    });
    expect(await deployment.attempt()).toMatchObject({ kind: "waiting", step: "cluster", note: "Error: EKS said 418" });
  });

  it("never touches a cluster with an open record", async () => {
    await deployment.warm("cls-1");
    expect(await deployment.attempt()).toEqual({ kind: "kept", state: "available" });
    expect(deployment.calls).toEqual([]);
  });

  it("goes on for one with a closed record, and adds to its report", async () => {
    const { pools } = deployment.ports;
    await pools.createCluster(aCluster.requested({ id, poolId: small.poolId }), await pools.beginPass(small.poolId));
    await pools.closeCluster(aCluster.deleted({ id, poolId: small.poolId, version: 2 }));
    expect(await deployment.attempt()).toMatchObject({ kind: "gone" });
    const record = await pools.getClosedCluster(id);
    expect(record?.report.removed.map((it) => [it.resource, it.by])).toEqual(all.map((step) => [`${step}/1`, "us"]));
  });
});
