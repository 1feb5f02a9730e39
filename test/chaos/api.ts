import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Call, call } from "../support/http.ts";

/** An answer that settles the matter: not one that asks to try again. */
export type Settled = Answer;

export interface Api {
  /**
   * Calls until an answer settles it: what a killed function leaves unanswered, or answers with a 5xx, is asked again.
   * Undefined when none has come in time, or `signal` ended it.
   */
  ask(
    path: string,
    options?: Call & { readonly withinMs?: number; readonly signal?: AbortSignal },
  ): Promise<Settled | undefined>;
  /** Calls that got no answer, or one that asks to try again. */
  readonly disturbed: number;
}

const patienceMs = 45_000;
const pauseMs = 700;

/** The API as its callers see it; `mint` makes a token for all of them. */
export function connectApi(url: string, mint: () => Promise<string>): Api {
  let token: Promise<string> | undefined;
  let disturbed = 0;
  const once = async (path: string, options: Call): Promise<Answer | undefined> => {
    token ??= mint();
    try {
      return await call(`${url}${path}`, { ...options, token: await token });
    } catch {
      return undefined;
    }
  };
  return {
    get disturbed() {
      return disturbed;
    },
    ask: async (path, { withinMs = patienceMs, signal, ...options } = {}) => {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const answer = await once(path, options);
        if (answer !== undefined && isSettled(answer)) return answer;
        disturbed += 1;
        if (Date.now() > deadline || signal?.aborted === true) return undefined;
        await sleep(pauseMs);
      }
    },
  };
}

/** A refusal for want of clusters is an answer; any other 5xx is not. */
function isSettled({ status, body }: Answer): boolean {
  return status < 500 || body?.code === "pool_exhausted";
}
