import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from "aws-lambda";

/** What of CloudFormation's request decides the answer. */
export type CustomResourceRequest = Pick<
  CloudFormationCustomResourceEvent,
  "RequestType" | "ResponseURL" | "StackId" | "RequestId" | "LogicalResourceId" | "ResourceProperties"
>;

/** Delivers an answer to CloudFormation. */
export type Respond = (url: string, response: CloudFormationCustomResourceResponse) => Promise<void>;

/** CloudFormation takes 4,096 bytes in all (user guide, custom resource response objects). */
const longestReason = 2000;

/** Puts the answer to the address that the event names, which is signed for a request without a content type. */
export const respondByPut: Respond = async (url, response) => {
  const answer = await fetch(url, { method: "PUT", headers: { "content-type": "" }, body: JSON.stringify(response) });
  if (!answer.ok) throw new Error(`CloudFormation's address answered ${answer.status}.`);
};

/**
 * A function behind a custom resource: whatever `apply` comes to, CloudFormation is told at once, and an error's message is
 * what the person who deploys reads.
 *
 * @param physicalId never changes, so that no update ever counts as a replacement.
 */
export function customResource(
  physicalId: string,
  apply: (event: CustomResourceRequest) => Promise<void>,
  respond: Respond,
) {
  return async (event: CustomResourceRequest): Promise<void> => {
    const { StackId, RequestId, LogicalResourceId } = event;
    const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: physicalId };
    const failure = await apply(event).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    await respond(
      event.ResponseURL,
      failure === undefined
        ? { ...answer, Status: "SUCCESS" }
        : { ...answer, Status: "FAILED", Reason: failure.slice(0, longestReason) },
    );
  };
}
