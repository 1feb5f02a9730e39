/** What came back, parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the API answered and assert on it.
  readonly body: any;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it is, for malformed bodies. */
  readonly raw?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call to the API; never throws for a status. */
export async function call(
  url: string,
  { method = "GET", body, raw, token, headers = {} }: Call = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...((body !== undefined || raw !== undefined) && { "content-type": "application/json" }),
      ...headers,
    },
    ...((body !== undefined || raw !== undefined) && { body: raw ?? JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Looks every `everyMs` until `look` answers something, and fails with what it saw last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  {
    withinMs = 90_000,
    everyMs = 500,
    last = () => "" as unknown,
  }: { withinMs?: number; everyMs?: number; last?: () => unknown } = {},
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end)
      throw new Error(`Waited ${withinMs / 1000} s for: ${what}. Last seen: ${JSON.stringify(last())}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
