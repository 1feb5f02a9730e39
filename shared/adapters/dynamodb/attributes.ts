import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** An item of the table as plain values. */
export type Item = Record<string, unknown>;

/** The item in an error: the document client translates answers, not errors. */
export function toItem(attributes: Record<string, AttributeValue>): Item {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toValue(value)]));
}

function toValue(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.M !== undefined) return toItem(value.M);
  if (value.L !== undefined) return value.L.map(toValue);
  if (value.SS !== undefined) return new Set(value.SS);
  if (value.NULL !== undefined) return null;
  throw new TypeError(`No record holds an attribute of this type: ${Object.keys(value)}`);
}
