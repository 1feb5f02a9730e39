import * as z from "zod/mini";
import { common, queueUrl } from "../environment.ts";

export const schema = z.object({
  ...common,
  WORK_QUEUE_URL: queueUrl,
  /** What becomes of what no record of ours explains. */
  ORPHANS: z.enum(["report", "delete"]),
});
export type Environment = z.input<typeof schema>;
