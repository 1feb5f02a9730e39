import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { isAlive, recordOf } from "../../local/processes.ts";

const watcher = `
  import { onNpmGone } from ${JSON.stringify(join(import.meta.dirname, "../../local/npm.ts"))};
  onNpmGone(() => process.exit());
  setInterval(() => {}, 1000);
  console.log(process.pid);`;
const npm = `
  require("node:child_process").spawn("sh", ["-c", process.argv[1], process.execPath, process.argv[2]], {
    stdio: "inherit",
    env: { ...process.env, npm_lifecycle_event: "start" },
  });`;

it.each([
  ["a shell that stays", '"$0" --input-type=module --eval "$1"; exit'],
  ["a shell that makes way", 'exec "$0" --input-type=module --eval "$1"'],
])("a script run by %s learns that its npm was killed", { timeout: 15_000 }, async (_, command) => {
  const parent = spawn(process.execPath, ["--eval", npm, command, watcher], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = await new Promise<number>((resolve) =>
    createInterface({ input: parent.stdout }).once("line", (line) => resolve(Number(line))),
  );
  const script = recordOf(pid);
  if (script === undefined) throw new Error("the script has ended already");
  parent.kill("SIGKILL");
  await expect.poll(() => isAlive(script), { timeout: 10_000 }).toBe(false);
});
