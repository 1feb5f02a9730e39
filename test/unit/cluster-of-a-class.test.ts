import { beforeEach, expect, test } from "vitest";
import type { ClusterOrder } from "../../shared/domain/cluster-class.ts";
import type { StepOutcome } from "../../shared/ports/cluster-provider.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { viewPool } from "../../shared/usecases/view-pool.ts";
import { aClassRevision, aPoolConfig, now } from "../support/builders.ts";
import { aWorld, poolId } from "../support/pool-world.ts";

const file = "exercises.yaml";
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "exercises" } };
const clusterClass = { kubernetesVersion: "1.36", nodes: 3, manifests: [file] };
const first = aClassRevision({ clusterClass, manifests: [{ file, object }] });
const config = aPoolConfig({ poolId, clusterClass });
const done = async (): Promise<StepOutcome> => ({ kind: "done" });

let world: ReturnType<typeof aWorld>;
/** What the steps were given, by their name. */
let given: Record<string, unknown>;
beforeEach(async () => {
  world = aWorld();
  given = {};
  const { provider, kubernetes } = world.ports;
  const keep = (step: string, act: () => Promise<StepOutcome>) => (_: unknown, it: unknown) => {
    given[step] = it;
    return act();
  };
  Object.assign(provider, { create: keep("create", provider.create), provideNodes: keep("nodes", done) });
  Object.assign(kubernetes, {
    bootstrap: keep("bootstrap", kubernetes.bootstrap),
    validate: keep("validate", done),
  });
  await world.ports.pools.saveClass(poolId, first, now);
  await world.ports.pools.putConfig({ ...config, policy: { ...config.policy, minWarm: 1, maxTotal: 4 } });
  await refillPool(world.ports, poolId);
});

test("a cluster is ordered for its pool and finished as what it was begun as, whatever is deployed meanwhile", async () => {
  await world.work(1);
  const order = given.create as ClusterOrder;
  expect([order.poolId, order.revision, order.clusterClass]).toEqual([poolId, "r1", clusterClass]);
  const other = { kubernetesVersion: "1.36", nodes: 1 };
  await world.ports.pools.saveClass(poolId, aClassRevision({ revision: "r2", clusterClass: other }), now);
  await world.ports.pools.putConfig({ ...config, clusterClass: other, revision: "r2" });
  await world.work();
  expect(given).toMatchObject({ nodes: clusterClass, bootstrap: first, validate: 3 });
  expect(await world.cluster()).toMatchObject({ state: "available", revision: "r1" });
});

test("manifests that are not on record hold a cluster up and are not left out", async () => {
  await world.work(1);
  world.ports.pools.getClass = async () => undefined;
  await world.work(5);
  expect(await world.cluster()).toMatchObject({
    progress: { step: "nodes", note: expect.stringContaining("revision r1, which is not on record") },
  });
});

test("a manifest that Kubernetes rejects ends one build, shows in the pool, and nothing more is built", async () => {
  const note = 'Service web (exercises.yaml): HTTP 422: Service "web" is invalid';
  world.answers.set("bootstrap", () => ({ kind: "failed", fault: "class", note }));
  for (let minute = 0; minute < 60; minute += 1) {
    await world.work();
    world.pass(60);
    await refillPool(world.ports, poolId);
  }
  expect(world.calls.filter((it) => it === "create")).toHaveLength(1);
  expect(await world.cluster()).toMatchObject({ state: "deleted", detail: `bootstrap: ${note}` });
  const view = await viewPool(world.ports, poolId);
  expect(JSON.stringify(view)).toContain(JSON.stringify(`bootstrap: ${note}`).slice(1, -1));

  world.answers.clear();
  await world.ports.pools.putConfig({
    ...config,
    revision: "r2",
    clusterClass: { kubernetesVersion: "1.36", nodes: 1 },
  });
  await refillPool(world.ports, poolId);
  await world.work();
  expect(await world.cluster("cls-2")).toMatchObject({ state: "available", revision: "r2" });
});

test("a cloud without room for the nodes keeps the cluster, and its pool from asking for more", async () => {
  Object.assign(world.ports.provider, {
    provideNodes: async (): Promise<StepOutcome> => ({
      kind: "capacityBlocked",
      afterSeconds: 300,
      note: "vCPU quota",
    }),
  });
  await world.work(4);
  expect(await world.cluster()).toMatchObject({
    state: "provisioning",
    progress: { step: "nodes", note: "vCPU quota" },
  });
  expect(await world.ports.pools.getCapacity(poolId)).toMatchObject({ attempts: 1 });
});
