import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle } from "../../cdk/bundle.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandlot-bundle-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const env = {
  AWS_REGION: "us-east-1",
  TABLE_NAME: "table",
  DEPLOYMENT_ID: "test",
  POWERTOOLS_SERVICE_NAME: "api",
  POWERTOOLS_METRICS_NAMESPACE: "Sandlot",
  REFILL_QUEUE_URL: "https://sqs.example/refill.fifo",
  WORK_QUEUE_URL: "https://sqs.example/work",
};

it("the api function starts without Node's own undici, which nothing of it uses", async () => {
  bundle("api", folder);
  const look = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href)});
    console.log(typeof handler, process.moduleLoadList.filter((it) => it.includes("undici")).length);
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", look], { env });
  expect(stdout.trim()).toBe("function 0");
});
