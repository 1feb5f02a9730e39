import * as z from "zod/mini";

const text = z.string().check(z.minLength(1));
const url = z.string().check(z.regex(/^https?:\/\//, "must be a URL"));

/** Variables that every function gets. */
export const common = {
  TABLE_NAME: text,
  /** Marks this deployment's cloud resources, so that two deployments in one account never touch each other's. */
  DEPLOYMENT_ID: z
    .string()
    .check(z.regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower-case letters, digits and dashes, at most 31")),
  POWERTOOLS_SERVICE_NAME: text,
  POWERTOOLS_METRICS_NAMESPACE: text,
};

export const queueUrl = url;
export const roleArn = z.string().check(z.regex(/^arn:[^:]+:iam::\d{12}:role\/.+/, "must be the ARN of a role"));
export const commaSeparated = z.pipe(
  text,
  z.transform((value) => value.split(",").map((it) => it.trim())),
);

/**
 * Reads a function's environment, once, at cold start.
 *
 * @throws naming every variable that is missing or malformed, so that one deployment shows all of them.
 */
export function parseEnvironment<Schema extends z.ZodMiniType>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.output<Schema> {
  const parsed = z.safeParse(schema, environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The function's environment is incomplete:\n${problems.join("\n")}`);
}
