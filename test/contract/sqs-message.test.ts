import type { SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { parseRefillMessage, sqsRefillQueue } from "../../shared/adapters/sqs/refill-queue.ts";
import { parseWorkMessage, sqsWorkQueue } from "../../shared/adapters/sqs/work-queue.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";
import { now } from "../support/builders.ts";
import { cls, sbx, small } from "./scene.ts";

const url = "https://sqs.example/queue";

/** A client that keeps what it was asked to send. */
function recorder() {
  const sent: SendMessageCommandInput[] = [];
  const send = async ({ input }: { input: SendMessageCommandInput }) => sent.push(input);
  return { sent, client: { send } as unknown as SQSClient };
}

describe("a nudge", () => {
  it("is one message a pool and second, in the pool's own group", async () => {
    const { sent, client } = recorder();
    const queue = sqsRefillQueue({ client, url });
    for (const at of [now, now + 999, now + 1000]) await queue.nudge(small, at);
    const ids = sent.map((it) => it.MessageDeduplicationId);
    expect(ids).toEqual([`small:${now / 1000}`, `small:${now / 1000 + 1}`]);
    expect(sent[0]).toMatchObject({ QueueUrl: url, MessageGroupId: "small" });
    // A FIFO queue refuses a delay of its messages' own: the queue has one.
    expect(sent[0]).not.toHaveProperty("DelaySeconds");
    expect(parseRefillMessage(sent[0]?.MessageBody ?? "")).toEqual({ poolId: small });
  });

  it("of another shape is refused", () => {
    for (const text of ["", "{}", '{"poolId":""}', '{"poolId":1}']) expect(() => parseRefillMessage(text)).toThrow();
  });
});

describe("a work message", () => {
  const messages: readonly WorkMessage[] = [
    { kind: "advanceCluster", poolId: small, clusterId: cls(1), version: 3 },
    { kind: "reapSandbox", sandboxId: sbx(1) },
  ];

  it("arrives as it was sent, after whole seconds and never early", async () => {
    const { sent, client } = recorder();
    const queue = sqsWorkQueue({ client, url });
    for (const message of messages) await queue.send(message, 1.2);
    expect(sent.map((it) => parseWorkMessage(it.MessageBody ?? ""))).toEqual(messages);
    expect(sent.map((it) => it.DelaySeconds)).toEqual([2, 2]);
  });

  it("is not sent with a delay that the queue refuses", async () => {
    const { sent, client } = recorder();
    const queue = sqsWorkQueue({ client, url });
    for (const delay of [901, -1])
      await expect(queue.send({ kind: "reapSandbox", sandboxId: sbx(1) }, delay)).rejects.toThrow(RangeError);
    expect(sent).toEqual([]);
  });

  it("of another shape is refused", () => {
    for (const text of ["", "{}", '{"kind":"other"}', '{"kind":"advanceCluster","poolId":"p","clusterId":"c"}']) {
      expect(() => parseWorkMessage(text)).toThrow();
    }
  });
});
