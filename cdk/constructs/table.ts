import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, ProjectionType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import { allowing, type Wire } from "./wire.ts";

type ItemAction = "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "ConditionCheckItem" | "Query";
type Index = "byTenant" | "byDue";

/** The one table: pools, clusters, sandboxes and owners. */
export class Table extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    const { removalPolicy } = props.deployment;
    this.table = new TableV2(this, "Table", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      timeToLiveAttribute: "ttl",
      billing: Billing.onDemand(),
      globalSecondaryIndexes: [
        {
          indexName: "byTenant",
          partitionKey: { name: "tenantKey", type: AttributeType.STRING },
          sortKey: { name: "createdKey", type: AttributeType.STRING },
          projectionType: ProjectionType.ALL,
        },
        {
          indexName: "byDue",
          partitionKey: { name: "dueKey", type: AttributeType.STRING },
          sortKey: { name: "dueAt", type: AttributeType.NUMBER },
          projectionType: ProjectionType.ALL,
        },
      ],
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
  }

  /** The table's name, with the right to do these actions on its items and to query these indexes. */
  allowing(actions: readonly ItemAction[], indexes: readonly Index[] = []): Wire {
    const items = allowing(
      this.table.tableName,
      actions.map((action) => `dynamodb:${action}`),
      [this.table.tableArn],
    );
    if (indexes.length === 0) return items;
    const arns = indexes.map((index) => `${this.table.tableArn}/index/${index}`);
    const queries = allowing(items.value, ["dynamodb:Query"], arns);
    return { ...items, statements: [...items.statements, ...queries.statements] };
  }
}
