import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import type { LaptopAws } from "../../local/aws.ts";
import { type Answer, call, eventually } from "./http.ts";

/** The deployment under test: the laptop that the global setup started, or `SANDLOT_URL`. */
export interface Target {
  readonly apiUrl: string;
  /** Where the laptop's issuer mints tokens. */
  readonly tokenUrl: string;
  /** How to look into the laptop's AWS from the cloud's side; the SDK's own environment otherwise. */
  readonly aws?: LaptopAws & { readonly eksUrl: string };
  readonly outputs: Readonly<Record<string, string>>;
}

declare module "vitest" {
  export interface ProvidedContext {
    target: Target;
  }
}

export function target(): Target {
  return inject("target");
}

export interface Claims {
  readonly tenant?: string;
  readonly subject?: string;
  readonly scopes?: readonly string[];
  readonly expiresInSeconds?: number;
}

/** A token of the laptop's issuer. */
export async function tokenFor(claims: Claims): Promise<string> {
  const { status, body } = await call(target().tokenUrl, { method: "POST", body: claims });
  if (status !== 200) throw new Error(`The issuer answered ${status}: ${JSON.stringify(body)}`);
  return body.token;
}

export function claim(token: string, body: object, key: string = randomUUID()): Promise<Answer> {
  const headers = { "idempotency-key": key };
  return call(`${target().apiUrl}/v1/sandboxes`, { method: "POST", token, body, headers });
}

/** A kubeconfig for the sandbox, and the token in it. */
export async function credentials(token: string, id: string): Promise<{ kubeconfig: string; token: string }> {
  const { status, body } = await call(`${target().apiUrl}/v1/sandboxes/${id}/credentials`, { method: "POST", token });
  if (status !== 200) throw new Error(`No credentials, but ${status}: ${JSON.stringify(body)}`);
  const [, bearer = ""] = /token: ["']?([^"'\s]+)/.exec(body.kubeconfig) ?? [];
  return { kubeconfig: body.kubeconfig, token: bearer };
}

// biome-ignore lint/suspicious/noExplicitAny: the sandbox as the API answered it.
export function waitForState(token: string, id: string, state: string, withinMs = 120_000): Promise<any> {
  let last: unknown;
  return eventually(
    `${id} to be ${state}`,
    async () => {
      const { body } = await call(`${target().apiUrl}/v1/sandboxes/${id}`, { token });
      last = body;
      return body.state === state && body;
    },
    { withinMs, last: () => last },
  );
}

/** Waits until the pool has `count` warm clusters for whoever comes next. */
export async function waitForWarm(token: string, poolId: string, count: number, withinMs = 180_000): Promise<void> {
  let last: unknown;
  await eventually(
    `${count} warm clusters in ${poolId}`,
    async () => {
      const { body } = await call(`${target().apiUrl}/v1/pools/${poolId}`, { token });
      last = body;
      return body.counts?.available >= count;
    },
    { withinMs, everyMs: 1000, last: () => last },
  );
}

/** Waits until the pool has no cluster at all: what an earlier test asked for is trimmed past its cool-down. */
export async function waitForEmpty(token: string, poolId: string): Promise<void> {
  let last: unknown;
  await eventually(
    `${poolId} to be empty`,
    async () => {
      const { body } = await call(`${target().apiUrl}/v1/pools/${poolId}`, { token });
      last = body;
      return body.counts?.total === 0;
    },
    { withinMs: 300_000, everyMs: 1000, last: () => last },
  );
}
