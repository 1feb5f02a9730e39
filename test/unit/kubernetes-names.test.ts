import { expect, test } from "vitest";
import { credentialIssuersGroup as groupOfEntry } from "../../shared/adapters/eks/access.ts";
import { credentialIssuersGroup, credentialSecret } from "../../shared/adapters/kubernetes/names.ts";
import { asId, type SandboxId } from "../../shared/domain/ids.ts";

test("a sandbox's Secret has a name that Kubernetes takes", () => {
  expect(credentialSecret(asId<SandboxId>("sbx_4Fq9-zK_"))).toBe("credentials-sbx-4fq9-zk");
  expect(credentialSecret(asId<SandboxId>(`sbx_${"a".repeat(400)}`)).length).toBeLessThanOrEqual(253);
});

test("the group of the access entry is the group that the bootstrap binds", () => {
  expect(groupOfEntry).toBe(credentialIssuersGroup);
});
