import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mutations } from "./mutations.ts";

/** Plays seeds of a mutated protocol in a process of its own; the first seed that fails, or none. */
async function firstFailure(index: number): Promise<string> {
  const script = join(import.meta.dirname, "play-mutated.ts");
  const child = spawn(process.execPath, [script, String(index)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  return output.trim();
}

describe("the simulation finds each deliberate defect of the protocol", () => {
  it.each(mutations.map(({ name }, index) => ({ name, index })))("$name", async ({ index }) => {
    expect(await firstFailure(index)).toMatch(/^seed \d+: /);
  });
});
