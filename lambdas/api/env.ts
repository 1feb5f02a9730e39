import * as z from "zod/mini";
import { common, queueUrl } from "../environment.ts";

export const schema = z.object({ ...common, REFILL_QUEUE_URL: queueUrl, WORK_QUEUE_URL: queueUrl });
export type Environment = z.input<typeof schema>;
