import type { StepOutcome } from "../../ports/cluster-provider.ts";

type CapacityBlocked = Extract<StepOutcome, { kind: "capacityBlocked" }>;

const throttlingBackoffSeconds = 60;
const quotaBackoffSeconds = 300;

/** The cloud's name for an error, such as `ResourceInUseException`; empty for what is no error of the cloud. */
export function faultName(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** The error's message, for an operator. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The outcome for an error that says "not now": a quota, or too many requests. `undefined` for any other. */
export function capacityBlocked(error: unknown): CapacityBlocked | undefined {
  const name = faultName(error);
  const note = `${name}: ${messageOf(error)}`;
  if (/LimitExceeded|QuotaExceeded/.test(name) && name !== "RequestLimitExceeded") {
    return { kind: "capacityBlocked", afterSeconds: quotaBackoffSeconds, note };
  }
  const throttled = /Throttl|TooManyRequests|RequestLimitExceeded/.test(name) || statusOf(error) === 429;
  return throttled ? { kind: "capacityBlocked", afterSeconds: throttlingBackoffSeconds, note } : undefined;
}

/** Runs one step; throttling, which any call can meet, makes it wait instead of counting as a failure. */
export async function attempting<Outcome>(step: () => Promise<Outcome>): Promise<Outcome | CapacityBlocked> {
  try {
    return await step();
  } catch (error) {
    const blocked = capacityBlocked(error);
    if (blocked) return blocked;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("$metadata" in error)) return undefined;
  const metadata = error.$metadata as { readonly httpStatusCode?: number } | undefined;
  return metadata?.httpStatusCode;
}
