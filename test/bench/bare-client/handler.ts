import { DynamoDBClient, TransactWriteItemsCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";

/** The least that a function which claims has to load: what the api function's import time is measured against. */
export const client = new DynamoDBClient();
export const commands = [UpdateItemCommand, TransactWriteItemsCommand];
