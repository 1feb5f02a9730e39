import { type SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { sqsRefillQueue } from "../../shared/adapters/sqs/refill-queue.ts";
import { asId, type PoolId } from "../../shared/domain/ids.ts";
import { now } from "../support/builders.ts";

const small = asId<PoolId>("small");

/** A refill queue whose sends are recorded below the SDK's own code, and fail as long as `down` says so. */
function aQueue() {
  const sent: (string | undefined)[] = [];
  const state = { down: false };
  const client = new SQSClient({ region: "local" });
  client.middlewareStack.add(
    () => async (args) => {
      sent.push((args.input as SendMessageCommand["input"]).MessageDeduplicationId);
      if (state.down) throw new Error("SQS is not to be reached.");
      return { output: { $metadata: {} }, response: undefined };
    },
    { step: "initialize" },
  );
  return { queue: sqsRefillQueue({ client, url: "http://127.0.0.1/refill.fifo" }), sent, state };
}

it("nudges of one pool within a second are one message", async () => {
  const { queue, sent } = aQueue();
  await Promise.all([queue.nudge(small, now), queue.nudge(small, now + 500)]);
  await queue.nudge(small, now + 999);
  await queue.nudge(small, now + 1_000);
  await queue.nudge(asId<PoolId>("large"), now + 1_000);
  expect(sent).toEqual([`small:${now / 1000}`, `small:${now / 1000 + 1}`, `large:${now / 1000 + 1}`]);
});

it("a nudge that could not be sent does not keep the next one back", async () => {
  const { queue, sent, state } = aQueue();
  state.down = true;
  await expect(queue.nudge(small, now)).rejects.toThrow("not to be reached");
  state.down = false;
  await queue.nudge(small, now);
  expect(sent).toHaveLength(2);
});
