import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle } from "../../cdk/bundle.ts";
import { context, gatewayEvent } from "../bench/gateway-event.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandlot-bundle-"));
  bundle("api", folder);
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

/** Runs a module's text in a new process that finds the api function's bundle, and nothing of this project's packages. */
async function withApi(text: string): Promise<string> {
  const start = `const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href)});`;
  const args = ["--input-type=module", "--eval", `${start}\n${text}\nprocess.exit();`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder });
  return stdout.trim();
}

it("the api function starts without Node's own undici, which nothing of it uses", async () => {
  const look = 'console.log(typeof handler, process.moduleLoadList.filter((it) => it.includes("undici")).length);';
  expect(await withApi(look)).toBe("function 0");
});

it("the api function finds what it loads only when it is asked for it", async () => {
  const event = gatewayEvent({ method: "GET", path: "/v1/openapi.json", headers: {}, body: "" });
  const ask = `
    const { statusCode, body } = await handler(${JSON.stringify(event)}, ${JSON.stringify(context)});
    console.log(statusCode, JSON.parse(body).openapi);`;
  expect((await withApi(ask)).split("\n").at(-1)).toBe("200 3.1.0");
});
