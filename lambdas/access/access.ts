import type { Logger } from "@aws-lambda-powertools/logger";
import type * as z from "zod/mini";
import { isoTime } from "../../shared/api/problem.ts";
import type { credentials } from "../../shared/api/responses.ts";
import { asId, type SandboxId } from "../../shared/domain/ids.ts";
import { ok } from "../../shared/domain/result.ts";
import { type CredentialPorts, issueCredentials } from "../../shared/usecases/issue-credentials.ts";
import type { Operation } from "../http/operation.ts";
import { createRouter } from "../http/router.ts";
import { httpPipe } from "../pipeline.ts";
import { kubeconfigOf } from "./kubeconfig.ts";

/** The access function over its ports. */
export function createHandler(ports: CredentialPorts, logger: Logger) {
  return httpPipe(logger, createRouter<"access">({ issueCredentials: issue(ports) }, ports.clock));
}

/** JSON with the kubeconfig in it; for `Accept: application/yaml` the kubeconfig itself, so that a file can be made of it. */
function issue(ports: CredentialPorts): Operation<"issueCredentials"> {
  return async ({ caller, path, headers, body }) => {
    const id = asId<SandboxId>(path.sandboxId);
    const issued = await issueCredentials(ports, caller.tenant, id, body.expirationSeconds);
    if (!issued.ok) return issued;
    const { sandbox, credential, address } = issued.value;
    const kubeconfig = kubeconfigOf(address, credential);
    if (headers.accept?.includes("application/yaml")) {
      return ok({ status: 200, body: kubeconfig, headers: { "Content-Type": "application/yaml" } });
    }
    const answer: z.output<typeof credentials> = {
      sandboxId: id,
      kubeconfig,
      server: address.endpoint,
      expiresAt: isoTime(credential.expiresAt),
      sandboxExpiresAt: isoTime(sandbox.expiresAt),
      serverTime: isoTime(ports.clock()),
    };
    return ok({ status: 200, body: answer });
  };
}
