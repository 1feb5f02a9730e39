import { createServer } from "node:net";
import { ApiException } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { isGone, networkCode, reasonOf, whileReachable } from "../../shared/adapters/kubernetes/faults.ts";

const refusal = (code: number, message: string) =>
  new ApiException(code, "Unknown API Status Code!", JSON.stringify({ kind: "Status", message }), { audit: "secret" });

/** What `fetch` throws when nothing listens. */
async function refusedConnection(): Promise<unknown> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await new Promise((resolve) => server.close(resolve));
  return fetch(`http://127.0.0.1:${port}`).catch((error: unknown) => error);
}

test("a refused credential is waited out: an access entry takes some seconds to count", async () => {
  const outcome = await whileReachable(() => Promise.reject(refusal(401, "Unauthorized")));
  expect(outcome).toEqual({ kind: "again", afterSeconds: 5, note: "HTTP 401: Unauthorized" });
});

test.each([403, 409, 429, 500, 503])("HTTP %i means again", async (code) => {
  expect(await whileReachable(() => Promise.reject(refusal(code, "later")))).toMatchObject({ kind: "again" });
});

test.each([400, 404, 422])("HTTP %i is a defect of ours and is thrown", async (code) => {
  await expect(whileReachable(() => Promise.reject(refusal(code, "no")))).rejects.toThrow();
});

test("a defect of the program is thrown, not waited out", async () => {
  await expect(whileReachable(() => Promise.reject(new TypeError("x is not a function")))).rejects.toThrow(TypeError);
});

test("a connection that is refused means that the server is gone, and waits while it is not a tear-down", async () => {
  const error = await refusedConnection();
  expect(networkCode(error)).toBe("ECONNREFUSED");
  expect(isGone(error)).toBe(true);
  expect(await whileReachable(() => Promise.reject(error))).toMatchObject({ kind: "again" });
});

test("a server that is slow or answers an error is not gone", async () => {
  const slow = new DOMException("The operation was aborted due to timeout", "TimeoutError");
  expect(isGone(slow)).toBe(false);
  expect(isGone(refusal(503, "starting"))).toBe(false);
  expect(await whileReachable(() => Promise.reject(slow))).toMatchObject({ kind: "again" });
});

test("a reason names the server's message and none of its headers", () => {
  expect(reasonOf(refusal(403, "pods is forbidden"))).toBe("HTTP 403: pods is forbidden");
});
