import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod/mini";
import type { ClusterId, PoolId, SandboxId } from "../../domain/ids.ts";
import type { WorkMessage, WorkQueue } from "../../ports/queues.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string" && value !== "");

const body = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("advanceCluster"),
    poolId: id<PoolId>(),
    clusterId: id<ClusterId>(),
    version: z.int(),
  }),
  z.object({ kind: z.literal("reapSandbox"), sandboxId: id<SandboxId>() }),
  z.object({ kind: z.literal("removeOrphan"), clusterId: id<ClusterId>(), attempts: z.int() }),
]) satisfies z.ZodMiniType<WorkMessage>;

/** The limit of SQS; emulators accept more. */
const maxDelaySeconds = 900;

/** A standard queue: at least once, in any order. */
export function sqsWorkQueue({ client, url }: { readonly client: SQSClient; readonly url: string }): WorkQueue {
  return {
    async send(message, delaySeconds = 0) {
      if (delaySeconds < 0 || delaySeconds > maxDelaySeconds) {
        throw new RangeError(`A delay of ${delaySeconds} s is not 0 to ${maxDelaySeconds}.`);
      }
      // SQS takes whole seconds; rounded up, so that nothing arrives before its time.
      const DelaySeconds = Math.ceil(delaySeconds);
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(message), DelaySeconds }));
    },
  };
}

/** @throws when the text is not a body that `sqsWorkQueue` sends. */
export function parseWorkMessage(text: string): WorkMessage {
  return body.parse(JSON.parse(text));
}
