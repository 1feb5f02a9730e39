import type { Context } from "aws-lambda";
import type { HttpEvent } from "../../lambdas/http/event.ts";
import type { RecordedClaim } from "./bare-writes.ts";
import { context, gatewayEvent } from "./gateway-event.ts";

// A process of its own: imports the bundle in its first argument and does with it what the second one says, once.

/** The api bundle claims a cluster of a pool; the bare client sends the writes of one claim. */
export type FirstWork = { readonly poolId: string; readonly key: string } | { readonly writes: RecordedClaim };

/** Milliseconds from before the import. */
export interface ColdStart {
  readonly imported: number;
  readonly done: number;
}

interface ApiBundle {
  handler(event: HttpEvent, context: Context): Promise<{ readonly statusCode: number }>;
}

type Command = new (input: object) => object;
interface BareBundle {
  readonly client: { send(command: object): Promise<unknown> };
  readonly commands: readonly [Command, Command];
}

const [module = "", argument = ""] = process.argv.slice(2);
const work = JSON.parse(argument) as FirstWork;
const write = process.stdout.write.bind(process.stdout);
/** A line of a log costs its writing, as on Lambda; nobody reads it here. */
process.stdout.write = () => true;

const started = performance.now();
const bundle = (await import(module)) as ApiBundle & BareBundle;
const imported = performance.now() - started;
await ("poolId" in work ? claim(bundle, work) : send(bundle, work.writes));
const done = performance.now() - started;
write(JSON.stringify({ imported, done } satisfies ColdStart), () => process.exit());

async function claim({ handler }: ApiBundle, { poolId, key }: { poolId: string; key: string }): Promise<void> {
  const event = gatewayEvent({
    method: "POST",
    path: "/v1/sandboxes",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ poolId, ownerId: key }),
  });
  const { statusCode } = await handler(event, context);
  if (statusCode !== 201) throw new Error(`The first claim was answered ${statusCode}.`);
}

async function send({ client, commands: [Update, Transact] }: BareBundle, writes: RecordedClaim): Promise<void> {
  await client.send(new Update(JSON.parse(writes.ticket)));
  await client.send(new Update(JSON.parse(writes.slot)));
  await client.send(new Transact(JSON.parse(writes.match)));
}
