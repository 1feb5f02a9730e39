import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

interface SendMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly MessageDeduplicationId?: string;
  readonly DelaySeconds?: number;
}

/** What receives a queue's messages; resolves when the batch of one is done. */
export type Consumer = (body: string) => Promise<void>;

/** A stand-in for SQS that knows `SendMessage` only. Without a consumer a message is dropped. */
export interface LocalQueues {
  readonly refillUrl: string;
  readonly workUrl: string;
  /** Hands messages over from now on: refills one at a time, a second after they were sent, as the product's queue does. */
  deliver(to: { readonly refill: Consumer; readonly work: Consumer } | undefined): void;
  stop(): Promise<void>;
}

const refillDelayMilliseconds = 1_000;

export async function startQueues(): Promise<LocalQueues> {
  let consumers: { readonly refill: Consumer; readonly work: Consumer } | undefined;
  let seen = new Set<string>();
  let lastRefill = Promise.resolve();

  const accept = ({ QueueUrl, MessageBody, MessageDeduplicationId, DelaySeconds = 0 }: SendMessage) => {
    if (!consumers) return;
    if (!QueueUrl.endsWith(".fifo")) {
      setTimeout(() => void consumers?.work(MessageBody), DelaySeconds * 1000).unref();
      return;
    }
    if (MessageDeduplicationId !== undefined && seen.has(MessageDeduplicationId)) return;
    if (MessageDeduplicationId !== undefined) seen.add(MessageDeduplicationId);
    setTimeout(() => {
      lastRefill = lastRefill.then(() => consumers?.refill(MessageBody));
    }, refillDelayMilliseconds).unref();
  };
  const server = createServer(async (request, response) => {
    const message = (await json(request)) as SendMessage;
    accept(message);
    response.writeHead(200, { "Content-Type": "application/x-amz-json-1.0" }).end(
      JSON.stringify({
        MessageId: randomUUID(),
        MD5OfMessageBody: createHash("md5").update(message.MessageBody).digest("hex"),
      }),
    );
  });
  // A connection that idles between two scenarios must not be closed while the next message is on its way.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/000000000000`;
  return {
    refillUrl: `${base}/refill.fifo`,
    workUrl: `${base}/work`,
    deliver(to) {
      consumers = to;
      seen = new Set();
    },
    async stop() {
      consumers = undefined;
      await lastRefill;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
