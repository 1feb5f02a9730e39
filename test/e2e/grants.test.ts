import { randomUUID } from "node:crypto";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { call, eventually } from "../support/http.ts";
import { operator } from "../support/leftovers.ts";
import { claim, target, tokenFor } from "../support/sandlot.ts";

interface Statement {
  readonly Action: string | readonly string[];
}

const { outputs } = target();
const iam = new IAMClient(operator());
const roleName = outputs.ApiRoleName ?? "";
let restore: () => Promise<unknown> = async () => undefined;

/** Takes one action out of every inline policy of the role. */
async function withdraw(action: string): Promise<void> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName }));
  const undo: (() => Promise<unknown>)[] = [];
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName: roleName, PolicyName }));
    const before = decodeURIComponent(PolicyDocument);
    const document: { Statement: Statement[] } = JSON.parse(before);
    const statements = document.Statement.map((it) => ({
      ...it,
      Action: [it.Action].flat().filter((name) => name !== action),
    }));
    const after = JSON.stringify({ ...document, Statement: statements.filter((it) => it.Action.length > 0) });
    await iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName, PolicyDocument: after }));
    undo.push(() => iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName, PolicyDocument: before })));
  }
  expect(undo.length).toBeGreaterThan(0);
  restore = () => Promise.all(undo.map((it) => it()));
}

describe("a grant that the api function lacks", () => {
  let token: string;
  beforeAll(async () => {
    token = await tokenFor({ tenant: "acme", subject: "mallory" });
  });
  afterEach(() => restore());

  it("breaks the claim with AccessDenied, and the claim works again once it is back", async () => {
    const key = randomUUID();
    await withdraw("dynamodb:UpdateItem");
    const broken = await claim(token, { poolId: "tiny" }, key);
    expect([broken.status, broken.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(JSON.stringify(broken.body)).not.toContain("AccessDenied");

    const logs = new CloudWatchLogsClient(operator());
    const logGroupName = outputs.ApiLogGroupName ?? "";
    await eventually("AccessDenied in the function's log", async () => {
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName, filterPattern: "AccessDenied" }),
      );
      return events.some((it) => it.message?.includes("dynamodb:UpdateItem"));
    });

    await restore();
    const mended = await claim(token, { poolId: "tiny" }, key);
    expect(mended.status).toBe(202);
    await call(`${target().apiUrl}/v1/sandboxes/${mended.body.id}`, { method: "DELETE", token });
  });
});
