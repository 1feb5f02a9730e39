import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { readFault } from "../../local/eks/faults/fault-request.ts";
import { answerAboutFaults } from "../../local/eks/faults/front.ts";
import { faultKinds } from "../../local/eks/faults/kinds.ts";
import { AnswerLost, effectOnCall } from "../../local/eks/faults/on-calls.ts";
import { effectOnDeletion, effectOnEnd, effectOnExistence, effectOnList } from "../../local/eks/faults/on-clusters.ts";
import { effectOnVersion, effectOnVersionList } from "../../local/eks/faults/on-versions.ts";
import { faultRegister, matches } from "../../local/eks/faults/register.ts";

const throttled = (more: object = {}) => readFault({ kind: "throttled", ...more });

test("a fault matches by pool, and by a cluster's name or glob", () => {
  const subject = { cluster: "sandlot-cls-1", pool: "small" };
  const targets = [
    {},
    { pool: "small" },
    { cluster: "sandlot-cls-1" },
    { cluster: "sandlot-*", pool: "small" },
    { cluster: "*-[12]" },
  ];
  for (const target of targets) expect(matches(throttled(target), subject)).toBe(true);
  for (const target of [{ pool: "large" }, { cluster: "sandlot" }, { cluster: "sandlot-*", pool: "large" }]) {
    expect(matches(throttled(target), subject)).toBe(false);
  }
  expect(matches(throttled(), {})).toBe(true);
  expect(matches(throttled({ cluster: "*" }), {})).toBe(false);
  expect(matches(throttled({ pool: "small" }), {})).toBe(false);
});

test("what happens once counts a hit each time, until the fault is used up", () => {
  const faults = faultRegister();
  faults.add(throttled({ times: 2, operation: "DeleteCluster" }));
  const strike = (cluster: string) => faults.hit("throttled", { cluster }, (it) => it.operation === "DeleteCluster");
  expect(faults.hit("throttled", {}, (it) => it.operation === "CreateCluster")).toBeUndefined();
  expect([strike("a"), strike("b"), strike("a")].map((it) => it?.kind)).toEqual(["throttled", "throttled", undefined]);
  expect(faults.all()).toMatchObject([{ state: "usedUp", hits: 2, clusters: ["a", "b"] }]);
});

test("the next fault takes over from one that is used up", () => {
  const faults = faultRegister();
  faults.add(readFault({ kind: "failCreate", message: "first", times: 1 }));
  faults.add(readFault({ kind: "failCreate", message: "second" }));
  expect(faults.hit("failCreate", {})?.message).toBe("first");
  expect(faults.hit("failCreate", {})?.message).toBe("second");
});

test("what lasts counts once a cluster, and holds it until the fault is removed", () => {
  const faults = faultRegister();
  const { id } = faults.add(throttled({ times: 1 }));
  const isHeld = (cluster: string) => faults.hold("throttled", { cluster }) !== undefined;
  expect([isHeld("a"), isHeld("b"), isHeld("a")]).toEqual([true, false, true]);
  expect(faults.remove(id)).toBe(true);
  expect(faults.remove(id)).toBe(false);
  expect(isHeld("a")).toBe(false);
});

test("what strikes a cluster once strikes others too, up to its times", () => {
  const faults = faultRegister();
  faults.add(readFault({ kind: "vanish", times: 2 }));
  const strikes = ["a", "a", "b", "c"].map((cluster) => effectOnExistence(faults, { cluster }));
  expect(strikes).toEqual([true, false, true, false]);
});

test("a deletion is stuck for so long, or until the fault ends", () => {
  const faults = faultRegister();
  const { id } = faults.add(readFault({ kind: "stuckDeleting", cluster: "a", delaySeconds: 2 }));
  const isStuck = (cluster: string, ms: number) => effectOnDeletion(faults, { cluster }, ms);
  expect([isStuck("a", 1_999), isStuck("a", 2_000), isStuck("b", 0)]).toEqual([true, false, false]);
  faults.remove(id);
  faults.add(readFault({ kind: "stuckDeleting" }));
  expect(isStuck("a", 1e9)).toBe(true);
});

test("ghosts are the clusters that went while the fault lasted, or the name that it has", () => {
  const faults = faultRegister();
  faults.add(readFault({ kind: "ghost", name: "phantom" }));
  effectOnEnd(faults, { cluster: "before" });
  faults.add(readFault({ kind: "ghost", pool: "small" }));
  effectOnEnd(faults, { cluster: "a", pool: "small" });
  effectOnEnd(faults, { cluster: "b", pool: "large" });
  expect(effectOnList(faults)).toEqual(["phantom", "a"]);
});

test("a version withdrawn for one pool is still listed", () => {
  const faults = faultRegister();
  faults.add(readFault({ kind: "versionWithdrawn", version: "1.35", pool: "small" }));
  faults.add(readFault({ kind: "versionWithdrawn", version: "1.34" }));
  expect(effectOnVersionList(faults)).toEqual(["1.34"]);
  expect(effectOnVersion(faults, { cluster: "a", pool: "small" }, "1.35")).toBe(true);
  expect(effectOnVersion(faults, { cluster: "a", pool: "large" }, "1.35")).toBe(false);
  expect(effectOnVersion(faults, { cluster: "a", pool: "large" }, "1.34")).toBe(true);
});

test("the documentation has every kind with its parameters", () => {
  const docs = readFileSync(new URL("../../docs/laptop.md", import.meta.url), "utf8");
  for (const [kind, { parameters }] of Object.entries(faultKinds)) {
    const row = docs.split("\n").find((line) => line.startsWith(`| \`${kind}\``));
    for (const name of Object.keys(parameters)) expect(row).toContain(`\`${name}\``);
    expect(row).toBeDefined();
  }
});

test("a fault ends with its time, and tells of it", () => {
  vi.useFakeTimers();
  try {
    const faults = faultRegister();
    const changed = vi.fn();
    faults.onChange(changed);
    faults.add(throttled({ seconds: 2 }));
    expect(changed).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_999);
    expect(faults.hold("throttled", { cluster: "a" })).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(faults.hold("throttled", { cluster: "a" })).toBeUndefined();
    expect(faults.all()).toMatchObject([{ state: "expired", hits: 1 }]);
    expect(changed).toHaveBeenCalledTimes(2);
    faults.clear();
    expect(faults.all()).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test("a throttled call does nothing, a lost one does everything but answer", async () => {
  const faults = faultRegister();
  faults.add(throttled({ times: 1 }));
  faults.add(readFault({ kind: "lost", operation: "*", times: 1 }));
  const perform = vi.fn(async () => "done");
  const call = () => effectOnCall(faults, { operation: "CreateCluster", subject: { cluster: "a" } }, perform);
  await expect(call()).rejects.toMatchObject({ status: 429, code: "ThrottlingException" });
  expect(perform).not.toHaveBeenCalled();
  await expect(call()).rejects.toBeInstanceOf(AnswerLost);
  expect(perform).toHaveBeenCalledTimes(1);
  expect(await call()).toBe("done");
});

const local = { host: "127.0.0.1:8402" };

test("faults are added, listed and removed over HTTP", () => {
  const faults = faultRegister();
  const ask = (method: string, path: string, body = "") =>
    answerAboutFaults(faults, method, path, local, Buffer.from(body));
  const added = ask("POST", "/faults", '{"kind":"throttled","pool":"small","times":3}');
  expect(added).toMatchObject({
    status: 201,
    body: { kind: "throttled", pool: "small", times: 3, operation: "CreateCluster", hits: 0, state: "active" },
  });
  const { id } = added.body;
  expect(ask("GET", "/faults")).toMatchObject({ status: 200, body: { faults: [{ id }] } });
  expect(ask("DELETE", "/faults/none").status).toBe(404);
  expect(ask("DELETE", `/faults/${id}`).status).toBe(200);
  ask("POST", "/faults", '{"kind":"quota"}');
  expect(ask("DELETE", "/faults").status).toBe(200);
  expect(ask("GET", "/faults").body).toEqual({ faults: [] });
  expect(ask("PUT", "/faults").status).toBe(405);
});

test.each([
  ['{"kind":"thunder"}', "kind", Object.keys(faultKinds)],
  ["{}", "kind", Object.keys(faultKinds)],
  ['{"kind":"quota","poool":"a"}', "poool", ["pool", "cluster", "times", "seconds", "operation"]],
  [
    '{"kind":"quota","operation":"MakeCluster"}',
    "operation",
    expect.stringContaining("CreateCluster, DescribeCluster"),
  ],
  ['{"kind":"slow"}', "delaySeconds", expect.stringContaining("seconds")],
  ['{"kind":"slow","delaySeconds":-1}', "delaySeconds", expect.stringContaining("above 0")],
  ['{"kind":"quota","times":1.5}', "times", expect.stringContaining("whole")],
  ['{"kind":"quota","seconds":"60"}', "seconds", expect.stringContaining("seconds")],
  ['{"kind":"quota","pool":null}', "pool", expect.stringContaining("text")],
  ["[]", "", "a JSON object"],
  ["{", "", "a JSON object"],
])("%s is refused, naming the field", (body, field, valid) => {
  const faults = faultRegister();
  const { status, body: answer } = answerAboutFaults(faults, "POST", "/faults", local, Buffer.from(body));
  expect({ status, ...answer }).toMatchObject({ status: 400, field, valid, message: expect.stringContaining(field) });
  expect(faults.all()).toEqual([]);
});

test("web pages can't add faults", () => {
  const body = Buffer.from('{"kind":"quota"}');
  for (const headers of [{ host: "rebound.example" }, { ...local, origin: "https://example.com" }]) {
    expect(answerAboutFaults(faultRegister(), "POST", "/faults", headers, body).status).toBe(403);
  }
});
