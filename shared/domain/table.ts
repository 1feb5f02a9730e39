/** The one table's schema: what the stack creates, the contract tests create, and the adapter writes. */
export const tableSchema = {
  partitionKey: "pk",
  sortKey: "sk",
  /** Seconds since the epoch; deletion may come days later. */
  timeToLive: "ttl",
  /** Both hold whole items, and lag behind the table: they serve lists and sweeps, never a decision. */
  indexes: {
    /** A tenant's sandboxes in order of creation. Both keys are texts. */
    byTenant: { name: "byTenant", partitionKey: "tenantKey", sortKey: "createdKey" },
    /** A pool's live sandboxes in order of their deadline; the sort key is a number, milliseconds since the epoch. */
    byDue: { name: "byDue", partitionKey: "dueKey", sortKey: "dueAt" },
  },
} as const;

/** How long the record of an ended sandbox stays readable. */
export const sandboxRetentionDays = 30;

/** How long the record of a deleted cluster stays, as proof of its tear-down. */
export const clusterRetentionDays = 90;
