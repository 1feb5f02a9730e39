import { PolicyStatement, type PolicyStatementProps } from "aws-cdk-lib/aws-iam";

/**
 * The value of a function's variable together with what it lets the function do: a function that is told a queue's
 * address may use the queue, and one that is not told may not.
 */
export interface Wire {
  readonly value: string;
  readonly statements: readonly PolicyStatement[];
}

/** A value that needs no permission. */
export function plain(value: string): Wire {
  return { value, statements: [] };
}

/** A value that comes with the permission to do `actions` on `resources`. */
export function allowing(
  value: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: PolicyStatementProps["conditions"],
): Wire {
  const statement = { actions: [...actions], resources: [...resources], ...(conditions && { conditions }) };
  return { value, statements: [new PolicyStatement(statement)] };
}
