import { setTimeout as sleep } from "node:timers/promises";
import type { OperationName } from "../operation-names.ts";
import { Refusal } from "../refusal.ts";
import type { FaultRegister, FaultSubject } from "./register.ts";

/** A call to the EKS API, as far as faults tell calls apart. */
export interface FaultyCall {
  readonly operation: OperationName | undefined;
  readonly subject: FaultSubject;
}

/** Tells the front to cut the connection instead of answering. */
export class AnswerLost extends Error {
  override readonly name = "AnswerLost";
}

/**
 * Performs a call as its faults have it: `throttled` and `quota` refuse it before anything happens, `slow` answers late,
 * `lost` never does. Each request counts, so an SDK's retries are hits of their own.
 *
 * @throws Refusal, AnswerLost
 */
export async function effectOnCall<Answer>(
  faults: FaultRegister,
  { operation, subject }: FaultyCall,
  perform: () => Promise<Answer>,
): Promise<Answer> {
  const applies = (fault: { readonly operation: string }) => fault.operation === "*" || fault.operation === operation;
  if (faults.hit("throttled", subject, applies)) throw new Refusal(429, "ThrottlingException", "Rate exceeded");
  if (faults.hit("quota", subject, applies)) {
    throw new Refusal(400, "ResourceLimitExceededException", "You have reached a service quota of this account.");
  }
  const lost = faults.hit("lost", subject, applies);
  const slow = faults.hit("slow", subject, applies);
  try {
    return await perform();
  } finally {
    if (slow !== undefined) await sleep(slow.delaySeconds * 1_000, undefined, { ref: false });
    // biome-ignore lint/correctness/noUnsafeFinally: a refusal gets lost just like an answer.
    if (lost !== undefined) throw new AnswerLost(`the answer to ${operation} is lost`);
  }
}
