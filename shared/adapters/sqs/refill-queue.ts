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
  return {
    async nudge(poolId, now) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: JSON.stringify({ poolId } satisfies z.input<typeof body>),
          MessageGroupId: poolId,
          MessageDeduplicationId: `${poolId}:${Math.floor(now / 1000)}`,
        }),
      );
    },
  };
}

/** @throws when the text is not a body that `sqsRefillQueue` sends. */
export function parseRefillMessage(text: string): { readonly poolId: PoolId } {
  return { poolId: asId<PoolId>(body.parse(JSON.parse(text)).poolId) };
}
