import { parentPort, workerData } from "node:worker_threads";
import { DynamoDBClient, TransactWriteItemsCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type RecordedClaim, rename } from "./bare-writes.ts";
import { inParallel } from "./load.ts";

export interface BareThread {
  readonly endpoint: string;
  readonly claim: RecordedClaim;
}

export interface BareRun {
  readonly poolId: string;
  readonly count: number;
  readonly width: number;
}

const { endpoint, claim } = workerData as BareThread;
/** As many connections as the product's client keeps. */
const sockets = { keepAlive: true, maxSockets: 100 };
const client = new DynamoDBClient({
  endpoint,
  region: "local",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  requestHandler: { httpAgent: sockets },
});

async function run({ poolId, count, width }: BareRun): Promise<number> {
  const input = (request: string, n: number) => JSON.parse(rename(request, poolId, n));
  const ticket = input(claim.ticket, 0);
  const slots = Array.from({ length: count }, (_, index) => input(claim.slot, index + 1));
  const matches = Array.from({ length: count }, (_, index) => input(claim.match, index + 1));
  const started = performance.now();
  await inParallel(count, width, async () => {
    const drawn = await client.send(new UpdateItemCommand(ticket));
    const index = Number(drawn.Attributes?.head?.N) - 1;
    await client.send(new UpdateItemCommand(slots[index]));
    await client.send(new TransactWriteItemsCommand(matches[index]));
  });
  return performance.now() - started;
}

parentPort?.on("message", async (message: BareRun) => parentPort?.postMessage(await run(message)));
