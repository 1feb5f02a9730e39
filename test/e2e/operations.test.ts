import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../support/http.ts";
import { claim, target, tokenFor } from "../support/sandlot.ts";

const pool = `${target().apiUrl}/v1/pools/tiny`;
let token: string;

beforeAll(async () => {
  token = await tokenFor({ tenant: "acme", subject: "operator" });
});

describe("an operator", () => {
  it("drains a pool, which then takes no claims, and resumes it", async () => {
    const drained = await call(`${pool}/drain`, { method: "POST", token });
    expect([drained.status, drained.body.mode]).toEqual([200, "draining"]);
    const refused = await claim(token, { poolId: "tiny" });
    expect([refused.status, refused.body.code]).toEqual([409, "pool_draining"]);

    const resumed = await call(`${pool}/resume`, { method: "POST", token });
    expect(resumed.body.mode).toBe("open");
    const accepted = await claim(token, { poolId: "tiny" });
    expect(accepted.status).toBe(202);
    await call(`${target().apiUrl}/v1/sandboxes/${accepted.body.id}`, { method: "DELETE", token });
  });

  it("is refused a policy that contradicts itself, with the field", async () => {
    const { status, body } = await call(pool, { method: "PATCH", token, body: { policy: { minWarm: 3 } } });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(JSON.stringify(body)).toContain("policy.minWarm");
  });

  it("needs the scope for it", async () => {
    const reader = await tokenFor({ tenant: "acme", subject: "reader", scopes: ["pools:read"] });
    expect((await call(`${pool}/pause`, { method: "POST", token: reader })).status).toBe(403);
  });
});
