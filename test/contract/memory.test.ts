import { describe } from "vitest";
import { memoryStores } from "../../shared/adapters/memory/stores.ts";
import { claimContract } from "./claim.contract.ts";
import { classesContract } from "./classes.contract.ts";
import { clusterContract } from "./cluster.contract.ts";
import { operationContract } from "./operation.contract.ts";
import { poolStoreContract } from "./pool-store.contract.ts";
import { sandboxStoreContract } from "./sandbox-store.contract.ts";

const open = async () => memoryStores();

describe("pools in memory", () => poolStoreContract(open));
describe("classes in memory", () => classesContract(open));
describe("operations in memory", () => operationContract(open));
describe("claims in memory", () => claimContract(open));
describe("clusters in memory", () => clusterContract(open));
describe("sandboxes in memory", () => sandboxStoreContract(open));
