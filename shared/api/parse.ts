import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { ok, type Result, refuse } from "../domain/result.ts";

/** One thing wrong with a request: where, and what would be right. */
export interface FieldError {
  /** `labels.team`, `limit`, `idempotency-key`; the part itself when no field of it is to blame: `body`. */
  readonly field: string;
  readonly detail: string;
}

export interface InvalidInput {
  readonly code: "invalid_request";
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

type Issue = z.core.$ZodIssue;

// The mini schemas carry no texts of their own; a given locale leaves the library's global configuration alone.
const { localeError } = en();

/**
 * Reads a part of a request. All that is wrong with it is told at once; an unknown field is named.
 *
 * @param part what it is called when no field of it is to blame: `body`, `query`.
 */
export function parse<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  part: string,
): Result<z.output<Schema>, InvalidInput> {
  const parsed = z.safeParse(schema, value, { error: localeError });
  if (parsed.success) return ok(parsed.data);
  const errors = parsed.error.issues.flatMap((issue) => describeIssue(issue, part));
  const detail = errors.map((it) => `${it.field}: ${it.detail}`).join("; ");
  return refuse({ code: "invalid_request", detail, errors });
}

function describeIssue(issue: Issue, part: string): FieldError[] {
  const field = issue.path.join(".") || part;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ field: [...issue.path, key].join("."), detail: "There is no such field." }));
    case "invalid_key":
      return issue.issues.map(({ message }) => ({ field, detail: message }));
    default:
      return [{ field, detail: issue.message }];
  }
}
