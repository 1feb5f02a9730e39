import { Stack, Token, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Accepts one finding of the security rules below `scope`, and says why. */
export function explain(scope: IConstruct, finding: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: finding, reason });
}

/** Accepts a policy of AWS's own on a role. */
export function explainManagedPolicy(scope: IConstruct, name: string, reason: string): void {
  explain(scope, `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`, reason);
}

/** Accepts a wildcard in the resources of one service, such as `volume/*`, in a role's policies. */
export function explainWildcard(scope: IConstruct, service: string, resource: string, reason: string): void {
  const { partition, region, account } = Stack.of(scope);
  const arn = `arn:${shown(partition, "Partition")}:${service}:${shown(region, "Region")}:${shown(account, "AccountId")}:${resource}`;
  explain(scope, `AwsSolutions-IAM5[Resource::${arn}]`, reason);
}

/** How the rules write what is known only when the stack is deployed. */
function shown(value: string, parameter: string): string {
  return Token.isUnresolved(value) ? `<AWS::${parameter}>` : value;
}
