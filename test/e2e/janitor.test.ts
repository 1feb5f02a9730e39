import { once } from "node:events";
import { request } from "node:https";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { expect, it } from "vitest";
import { clientConfig } from "../../local/aws.ts";
import { eventually } from "../support/http.ts";
import { operator } from "../support/leftovers.ts";
import { target } from "../support/sandlot.ts";

const { outputs } = target();
const ec2 = new EC2Client(operator());

/** Runs a function and waits for its end: the status of the call, and the kind of the function's error, if any. */
async function invoke(name: string): Promise<[number, string | undefined]> {
  const { config } = new STSClient(operator());
  const region = await config.region();
  const { hostname, port } = new URL(target().aws?.endpoint ?? `https://lambda.${region}.amazonaws.com`);
  const signer = new SignatureV4({ ...config, region, service: "lambda" });
  const host = port === "" ? hostname : `${hostname}:${port}`;
  const signed = await signer.sign({
    method: "POST",
    protocol: "https:",
    hostname,
    ...(port !== "" && { port: Number(port) }),
    path: `/2015-03-31/functions/${name}/invocations`,
    query: {},
    headers: { host },
    body: "{}",
  });
  const { aws } = target();
  const agent = aws && clientConfig(aws).requestHandler.httpsAgent;
  const asked = request({
    method: "POST",
    hostname,
    port,
    path: signed.path,
    headers: signed.headers,
    ...(agent && { agent }),
  });
  asked.end(signed.body);
  const [answer] = await once(asked, "response");
  answer.resume();
  return [answer.statusCode, answer.headers["x-amz-function-error"]];
}

it("the deployed janitor sees what the account holds with its mark, reports an orphan and leaves it", async () => {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const tag = { Key: "eks:eks-cluster-name", Value: `${outputs.DeploymentId}-cls-e2eorphan` };
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: "e2e-orphan",
      Description: "of a load balancer that was never ours",
      VpcId: Vpcs[0]?.VpcId,
      TagSpecifications: [{ ResourceType: "security-group", Tags: [tag] }],
    }),
  );
  try {
    expect(await invoke(outputs.JanitorFunctionName ?? "")).toEqual([200, undefined]);
    const logs = new CloudWatchLogsClient(operator());
    const finding = await eventually("the finding in the janitor's log", async () => {
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName: outputs.JanitorLogGroupName, filterPattern: '"finding"' }),
      );
      return events.map((it) => it.message ?? "").find((it) => it.includes(`security-group/${GroupId}`));
    });
    expect(JSON.parse(finding)).toMatchObject({ kind: "orphan", clusterId: "cls-e2eorphan", action: "none" });
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId ?? ""] }));
    expect(SecurityGroups).toHaveLength(1);
  } finally {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  }
});
