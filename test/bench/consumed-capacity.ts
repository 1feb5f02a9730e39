import type { TableAccess } from "../../shared/adapters/dynamodb/client.ts";

interface Units {
  readonly CapacityUnits?: number;
}

/** Runs `task` and adds up the capacity units that the engine reports for its requests through this client. */
export async function consumedBy({ client }: TableAccess, task: () => Promise<unknown>): Promise<number> {
  let units = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: Units | readonly Units[] };
      for (const part of [ConsumedCapacity ?? []].flat()) units += part.CapacityUnits ?? 0;
      return result;
    },
    { step: "initialize", name: "consumedCapacity" },
  );
  try {
    await task();
  } finally {
    client.middlewareStack.remove("consumedCapacity");
  }
  return units;
}
