import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod/mini";
import { asId, type PoolId } from "../../domain/ids.ts";
import type { RefillQueue } from "../../ports/queues.ts";

const body = z.object({ poolId: z.string().check(z.minLength(1)) });

/**
 * A FIFO queue, one message group for each pool. The queue itself delays delivery by a second: a pass starts after every
 * nudge of its second was sent.
 */
export function sqsRefillQueue({ client, url }: { readonly client: SQSClient; readonly url: string }): RefillQueue {
  const send = (poolId: PoolId, deduplicationId: string) =>
    client.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: JSON.stringify({ poolId } satisfies z.input<typeof body>),
        MessageGroupId: poolId,
        MessageDeduplicationId: deduplicationId,
      }),
    );
  const latest = new Map<PoolId, { readonly id: string; readonly sent: Promise<unknown> }>();
  return {
    async nudge(poolId, now) {
      const id = `${poolId}:${Math.floor(now / 1000)}`;
      const known = latest.get(poolId);
      // The queue would drop another message of the same second; nothing is gained by sending it.
      const nudge = known?.id === id ? known : { id, sent: send(poolId, id) };
      latest.set(poolId, nudge);
      try {
        await nudge.sent;
      } catch (error) {
        if (latest.get(poolId) === nudge) latest.delete(poolId);
        throw error;
      }
    },
  };
}

/** @throws when the text is not a body that `sqsRefillQueue` sends. */
export function parseRefillMessage(text: string): { readonly poolId: PoolId } {
  return { poolId: asId<PoolId>(body.parse(JSON.parse(text)).poolId) };
}
