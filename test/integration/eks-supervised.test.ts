import { join } from "node:path";
import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  DescribeClusterCommand,
  type EKSClient,
  ListClustersCommand,
} from "@aws-sdk/client-eks";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SupervisedEks } from "../../local/eks/supervised.ts";
import { freePort } from "../../local/ports.ts";
import { isAlive, type ProcessRecord, recordOf } from "../../local/processes.ts";
import { descendantsOf, type Running } from "../support/descendants.ts";
import { eventually } from "../support/http.ts";
import {
  adminToken,
  autoMode,
  kubernetes,
  type LaptopEks,
  startLaptopEks,
  untilStatus,
} from "../support/laptop-eks.ts";

let laptop: LaptopEks;
let eks: SupervisedEks;
let operator: EKSClient;
let told: string[];

beforeAll(async () => {
  laptop = await startLaptopEks();
  told = [];
  eks = await laptop.startSupervised(join(laptop.dir, "supervised"), await freePort(), (it) => told.push(it));
  operator = laptop.clientFor(eks);
});

afterAll(async () => {
  await eks?.stop();
  await laptop?.stop();
});

function running(part: string): Running {
  const found = descendantsOf(process.pid).find(({ command }) => command.includes(part));
  if (found === undefined) throw new Error(`no ${part} runs`);
  return found;
}

/** The cluster once an EKS answers for it again. */
function untilBack(name: string) {
  return eventually(
    `${name} back`,
    async () => {
      const answer = await operator.send(new DescribeClusterCommand({ name })).catch(() => undefined);
      return answer?.cluster?.endpoint === undefined ? undefined : answer.cluster;
    },
    { withinMs: 60_000, everyMs: 200 },
  );
}

test("killed at once, EKS is back at its address with its clusters and all that was in them", async () => {
  await operator.send(new CreateClusterCommand(autoMode(laptop, "kept")));
  const before = await untilStatus(operator, "kept", "ACTIVE");
  const { core } = kubernetes(before, adminToken(join(laptop.dir, "supervised"), "kept"));
  await core.createNamespacedConfigMap({ namespace: "default", body: { metadata: { name: "mine" } } });
  for (const part of ["local/eks/main.ts", "/etcd "]) {
    const { pid } = running(part);
    const restarts = told.length;
    process.kill(pid, "SIGKILL");
    await eventually(`an end of ${part}`, async () => told.slice(restarts).some((it) => it.includes("starts again")), {
      withinMs: 30_000,
    });
    const after = await untilBack("kept");
    expect([after.endpoint, after.status]).toEqual([before.endpoint, "ACTIVE"]);
    await core.readNamespacedConfigMap({ name: "mine", namespace: "default" });
  }
});

test("what only the emulator has heard of when EKS dies was never made", async () => {
  await laptop.behind().send(new CreateClusterCommand(autoMode(laptop, "half")));
  const group = { clusterName: "kept", nodegroupName: "half", nodeRole: laptop.roles.node, subnets: laptop.subnetIds };
  await laptop.behind().send(new CreateNodegroupCommand(group));
  process.kill(running("local/eks/main.ts").pid, "SIGKILL");
  const { clusters } = await eventually(
    "EKS back",
    () => operator.send(new ListClustersCommand({})).catch(() => undefined),
    { withinMs: 60_000 },
  );
  expect(clusters).toEqual(["kept"]);
  await operator.send(new CreateClusterCommand(autoMode(laptop, "half")));
  await untilStatus(operator, "half", "ACTIVE");
  await untilBack("kept");
  const { nodegroup } = await operator.send(new CreateNodegroupCommand(group));
  expect(nodegroup?.status).toBe("CREATING");
});

test("stopped, it leaves no process and does not come back", async () => {
  const own = running("local/eks/main.ts");
  const records = [own, ...descendantsOf(own.pid)].flatMap(({ pid }): ProcessRecord[] => {
    const record = recordOf(pid);
    return record === undefined ? [] : [record];
  });
  expect(records.length).toBeGreaterThan(8);
  await eks.stop();
  await eventually("the end of all processes", async () => !records.some(isAlive), { withinMs: 5_000 });
  expect(() => running("local/eks/main.ts")).toThrow("no local/eks/main.ts runs");
});
