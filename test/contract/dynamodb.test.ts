import { afterAll, beforeAll, describe } from "vitest";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { type LocalDynamoDb, startDynamoDbLocal } from "../support/dynamodb-local.ts";
import { claimContract } from "./claim.contract.ts";
import { classesContract } from "./classes.contract.ts";
import { clusterContract } from "./cluster.contract.ts";
import { operationContract } from "./operation.contract.ts";
import { poolStoreContract } from "./pool-store.contract.ts";
import { sandboxStoreContract } from "./sandbox-store.contract.ts";

let dynamo: LocalDynamoDb;
beforeAll(async () => {
  dynamo = await startDynamoDbLocal();
});
afterAll(() => dynamo.stop());

const open = async () => {
  const access = { client: dynamo.client, tableName: await dynamo.createTable() };
  return { pools: dynamoPoolStore(access), sandboxes: dynamoSandboxStore(access) };
};

describe("pools in DynamoDB", () => poolStoreContract(open));
describe("classes in DynamoDB", () => classesContract(open));
describe("operations in DynamoDB", () => operationContract(open));
describe("claims in DynamoDB", () => claimContract(open));
describe("clusters in DynamoDB", () => clusterContract(open));
describe("sandboxes in DynamoDB", () => sandboxStoreContract(open));
