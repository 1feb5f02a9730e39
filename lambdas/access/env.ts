import * as z from "zod/mini";
import { common } from "../environment.ts";

export const schema = z.object(common);
export type Environment = z.input<typeof schema>;
