import { KubeConfig } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it } from "vitest";
import { createHandler as createAccess } from "../../lambdas/access/access.ts";
import { credentials } from "../../shared/api/responses.ts";
import type { CredentialIssuer } from "../../shared/ports/kubernetes-access.ts";
import { anApi, ask, claimsOf, quiet, type Request } from "../support/api.ts";

let api: Awaited<ReturnType<typeof anApi>>;
let path: string;
let issued: number[];

beforeEach(async () => {
  api = await anApi();
  issued = [];
  await api.warm("cls-1");
  const { body } = await api.claim("k1");
  path = `/v1/sandboxes/${body.id}`;
});

function access(request: Request = {}, issue?: CredentialIssuer["issue"]) {
  const issuer: CredentialIssuer = {
    issue:
      issue ??
      (async (_target, _id, seconds) => {
        issued.push(seconds);
        return { token: 'to"ken: |', expiresAt: api.time.now + 600_000 };
      }),
  };
  const handler = createAccess({ ...api.ports, issuer }, quiet);
  return ask(handler, "POST", `${path}/credentials`, request);
}

describe("credentials", () => {
  it("come with a kubeconfig that a client can load, are never cached, and activate the sandbox", async () => {
    const { status, headers, body } = await access();
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "Cache-Control": "no-store" });
    expect(credentials.parse(body)).toMatchObject({
      server: "https://cluster.example",
      expiresAt: "2026-11-21T10:10:00.000Z",
      sandboxExpiresAt: "2026-11-21T10:15:00.000Z",
    });
    const config = new KubeConfig();
    config.loadFromString(body.kubeconfig);
    expect(config.getCurrentCluster()).toMatchObject({ server: "https://cluster.example", caData: "Y2E=" });
    expect(config.getCurrentUser()?.token).toBe('to"ken: |');
    expect((await api.send("GET", path)).body).toMatchObject({ state: "active" });
    expect(JSON.stringify((await api.send("GET", path)).body)).not.toContain("ken: |");
  });

  it("are the bare kubeconfig when YAML is asked for", async () => {
    const { headers, body } = await access({ headers: { Accept: "application/yaml" } });
    expect(headers).toMatchObject({ "Content-Type": "application/yaml", "Cache-Control": "no-store" });
    expect(body).toMatch(/^apiVersion: v1\nkind: Config\n/);
  });

  it("last as long as asked for, within what Kubernetes and EKS grant", async () => {
    await access({ body: { expirationSeconds: 1200 } });
    expect(issued).toEqual([1200]);
    for (const expirationSeconds of [599, 86_401, "600"]) {
      expect((await access({ body: { expirationSeconds } })).status).toBe(400);
    }
  });

  it("are refused to another tenant, to a token without the scope, and for an ended sandbox", async () => {
    expect((await access({ claims: claimsOf({ tenant: "globex" }) })).status).toBe(404);
    expect((await access({ claims: claimsOf({ scope: "sandboxes:read" }) })).status).toBe(403);
    await api.send("DELETE", path);
    expect(await access()).toMatchObject({
      status: 410,
      body: { code: "sandbox_terminated", reason: "deleted_by_owner" },
    });
    expect(issued).toEqual([]);
  });

  it("are 503, and leave the sandbox's clock alone, when the cluster does not answer", async () => {
    const answer = await access({}, async () => {
      throw new Error("connection refused");
    });
    expect(answer).toMatchObject({ status: 503, body: { code: "provisioner_unavailable", retryable: true } });
    expect((await api.send("GET", path)).body.state).toBe("ready");
  });
});
