import { isObject, text } from "../json.ts";
import type { FaultRequest } from "./kinds.ts";
import type { FaultReport } from "./register.ts";

/**
 * Makes something go wrong from now on. `eksUrl` is where `local/eks` listens.
 *
 * @throws Error naming the field when the fault makes no sense.
 */
export async function addFault(eksUrl: string, fault: FaultRequest): Promise<FaultReport> {
  return (await call(eksUrl, "POST", "/faults", fault)) as FaultReport;
}

/** All faults with their hits, those that are over included. */
export async function listFaults(eksUrl: string): Promise<readonly FaultReport[]> {
  const { faults } = (await call(eksUrl, "GET", "/faults")) as { readonly faults: readonly FaultReport[] };
  return faults;
}

/** Ends a fault. @throws Error when there is none of that id. */
export async function removeFault(eksUrl: string, id: string): Promise<void> {
  await call(eksUrl, "DELETE", `/faults/${encodeURIComponent(id)}`);
}

/** Ends all faults. */
export async function clearFaults(eksUrl: string): Promise<void> {
  await call(eksUrl, "DELETE", "/faults");
}

async function call(eksUrl: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(new URL(path, eksUrl), {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  throw new Error((isObject(answer) ? text(answer.message) : undefined) ?? `the EKS API answered ${response.status}`);
}
