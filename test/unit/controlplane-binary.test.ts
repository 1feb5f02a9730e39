import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheKey, ensureBinary } from "../../local/controlplane/binary.ts";
import { components } from "../../local/controlplane/component.ts";

const sources = join(import.meta.dirname, "../../local/controlplane");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "controlplane-"));
  vi.stubEnv("KUBEBUILDER_ASSETS", "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function program(file: string, script: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

describe("the cache key of the control-plane binary", () => {
  it("is the same for the same sources, wherever they are", () => {
    for (const file of ["go.mod", "go.sum", "main.go"]) cpSync(join(sources, file), join(folder, file));
    expect(cacheKey(folder)).toBe(cacheKey());
  });

  it("is another for another source, dependency or platform", () => {
    const keys = new Set([cacheKey(), cacheKey(undefined, "plan9-mips")]);
    for (const changed of ["go.mod", "go.sum", "main.go"]) {
      for (const file of ["go.mod", "go.sum", "main.go"]) cpSync(join(sources, file), join(folder, file));
      writeFileSync(join(folder, changed), "\n", { flag: "a" });
      keys.add(cacheKey(folder));
    }
    expect(keys.size).toBe(5);
  });
});

describe("getting the control-plane binary", () => {
  it("says what is missing and where to get it when there is no Go", async () => {
    vi.stubEnv("PATH", folder);
    await expect(ensureBinary({ report: () => {} })).rejects.toThrow(
      /Go 1\.26\S* or newer is needed .*there is no go on the PATH.*https:\/\/go\.dev\/dl.*KUBEBUILDER_ASSETS/,
    );
  });

  it("says which Go it found when that is too old", async () => {
    program(join(folder, "go"), "echo go version go1.19.4 linux/amd64");
    vi.stubEnv("PATH", folder);
    await expect(ensureBinary({ report: () => {} })).rejects.toThrow(/needed .*go1\.19\.4/);
  });

  it("passes on the compiler's words when the build fails, and leaves nothing that looks built", async () => {
    program(
      join(folder, "go"),
      'case $1 in version) echo go version go1.99 linux/amd64;; *) echo "no such module" >&2; exit 1;; esac',
    );
    vi.stubEnv("PATH", folder);
    for (const _ of [1, 2]) {
      await expect(ensureBinary({ report: () => {} })).rejects.toThrow("no such module");
    }
  });

  it("ends the compiler when it is called off", async () => {
    const calling = new AbortController();
    program(
      join(folder, "go"),
      "case $1 in version) echo go version go1.99 linux/amd64;; *) exec /bin/sleep 60;; esac",
    );
    vi.stubEnv("PATH", folder);
    const building = ensureBinary({ report: () => calling.abort(new Error("called off")), signal: calling.signal });
    await expect(building).rejects.toThrow("called off");
  });

  it("builds once for several callers, who all find the result", async () => {
    const log = join(folder, "builds");
    const script = `for a in "$@"; do [ "$last" = -o ] && out=$a; last=$a; done; echo built >>${log}; /bin/sleep 0.2; echo >"$out"`;
    program(join(folder, "go"), `case $1 in version) echo go version go1.99 linux/amd64;; *) ${script};; esac`);
    vi.stubEnv("PATH", folder);
    const build = () => ensureBinary({ report: () => {} });
    const [first, second] = await Promise.all([build(), build()]);
    expect(second).toEqual(first);
    expect(await build()).toEqual(first);
    expect(readFileSync(log, "utf8")).toBe("built\n");
    expect(first.endsWithParent).toBe(true);
  });

  it("uses the folder of KUBEBUILDER_ASSETS only where it holds every component", async () => {
    const assets = join(folder, "assets");
    for (const name of components) program(join(assets, name), "exit 0");
    vi.stubEnv("KUBEBUILDER_ASSETS", assets);
    expect(await ensureBinary({ report: () => {} })).toEqual({ folder: assets, endsWithParent: false });

    rmSync(join(assets, "kwok"));
    symlinkSync("nowhere", join(assets, "kwok"));
    vi.stubEnv("PATH", folder);
    await expect(ensureBinary({ report: () => {} })).rejects.toThrow("Go 1.26");
  });
});
