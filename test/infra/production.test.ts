import { describe, expect, it } from "vitest";
import { synthesized } from "./synthesized.ts";

const stack = synthesized("prod");

describe("a production stack", () => {
  it("keeps the table, and its history, whatever happens to the stack", () => {
    const [table] = Object.values(stack.resources).filter((it) => it.Type === "AWS::DynamoDB::GlobalTable");
    expect([table?.DeletionPolicy, table?.Properties.Replicas]).toEqual([
      "Retain",
      [
        expect.objectContaining({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    ]);
  });

  it("keeps nodes off the internet, in two zones, and logs their traffic", () => {
    const subnets = Object.values(stack.of("AWS::EC2::Subnet")).filter((it) => !it.MapPublicIpOnLaunch);
    const zones = new Set(subnets.map((it) => JSON.stringify(it.AvailabilityZone)));
    expect(zones.size).toBe(2);
    const worker = Object.values(stack.of("AWS::Lambda::Function")).find((it) => it.Environment.Variables.SUBNET_IDS);
    const ids = JSON.stringify(worker?.Environment.Variables.SUBNET_IDS);
    expect(ids).toContain("PrivateSubnet");
    expect(ids).not.toContain("PublicSubnet");
    expect(Object.keys(stack.of("AWS::EC2::FlowLog"))).toHaveLength(1);
  });

  it("mails its alarms", () => {
    const [subscription] = Object.values(stack.of("AWS::SNS::Subscription"));
    expect([subscription.Protocol, subscription.Endpoint]).toEqual(["email", "oncall@example.com"]);
  });

  it("lets the configured sites' pages call the API", () => {
    const [api] = Object.values(stack.of("AWS::ApiGatewayV2::Api"));
    expect(api.CorsConfiguration.AllowOrigins).toEqual(["https://training.example.com"]);
  });
});
