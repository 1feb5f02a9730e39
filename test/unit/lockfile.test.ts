import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly optionalDependencies?: object }>>;
}

const { packages }: Lockfile = JSON.parse(readFileSync("package-lock.json", "utf8"));

describe("the lockfile", () => {
  it("names the binaries of every platform, without which npm ci refuses to start", () => {
    const wanted = Object.values(packages).flatMap((it) => Object.keys(it.optionalDependencies ?? {}));
    const platforms = wanted.filter((name) => name.startsWith("@"));
    expect(platforms.length).toBeGreaterThan(20);
    expect(platforms.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
  });
  it("names no registry", () => {
    expect(Object.values(packages).filter((it) => it.resolved !== undefined)).toEqual([]);
  });
});
