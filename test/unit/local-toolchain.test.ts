import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findPython, isAtLeast, versionIn } from "../../local/toolchain.ts";

describe("versions", () => {
  it.each([
    ["go1.26.8", [1, 26, 8]],
    ["go version go1.27 linux/amd64", [1, 27]],
    ["3.13.0rc1", [3, 13, 0]],
    ["none", undefined],
  ])("are read from %s", (text, numbers) => expect(versionIn(text)).toEqual(numbers));
  it.each([
    [[24, 0, 1], [24], true],
    [[24], [24, 0, 0], true],
    [[3, 9, 18], [3, 10], false],
    [[3, 10], [3, 9, 18], true],
    [[20, 20, 2], [24], false],
  ])("compare number by number: %j against at least %j", (version, least, expected) =>
    expect(isAtLeast(version, least)).toBe(expected),
  );
});

describe("a missing tool", () => {
  it("Node, when too old, says what to do", () => {
    const older = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
    const args = ["--import", `data:text/javascript,${encodeURIComponent(older)}`, "local/start.js"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Node 24 or newer is needed, this is 20\.20\.2\. Run `npm ci`/);
  });
  it("Python, when there is none, says what to do", async () => {
    await expect(findPython(["no-such-python"])).rejects.toThrow(/Python 3\.10 .* no python3 on the PATH.*Install it/);
  });
});
