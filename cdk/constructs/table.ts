import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, ProjectionType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { tableSchema } from "../../shared/domain/table.ts";
import type { Deployment } from "./deployment.ts";
import { allowing, type Wire } from "./wire.ts";

type ItemAction = "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "ConditionCheckItem" | "Query";
type Index = keyof typeof tableSchema.indexes;

/** The one table: pools, clusters, sandboxes and owners. */
export class Table extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    const { removalPolicy } = props.deployment;
    const { partitionKey, sortKey, timeToLive, indexes } = tableSchema;
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    const number = (name: string) => ({ name, type: AttributeType.NUMBER });
    const index = ({ name }: { readonly name: string }) => ({ indexName: name, projectionType: ProjectionType.ALL });
    const { byTenant, byDue } = indexes;
    this.table = new TableV2(this, "Table", {
      partitionKey: text(partitionKey),
      sortKey: text(sortKey),
      timeToLiveAttribute: timeToLive,
      billing: Billing.onDemand(),
      globalSecondaryIndexes: [
        { ...index(byTenant), partitionKey: text(byTenant.partitionKey), sortKey: text(byTenant.sortKey) },
        { ...index(byDue), partitionKey: text(byDue.partitionKey), sortKey: number(byDue.sortKey) },
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
    const arns = indexes.map((index) => `${this.table.tableArn}/index/${tableSchema.indexes[index].name}`);
    const queries = allowing(items.value, ["dynamodb:Query"], arns);
    return { ...items, statements: [...items.statements, ...queries.statements] };
  }
}
