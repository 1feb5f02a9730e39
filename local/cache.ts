import { homedir } from "node:os";
import { join } from "node:path";

/** Where built things live that outlast a checkout: below XDG's cache folder of this user. */
export function cacheFolder(...parts: readonly string[]): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== "" ? base : join(homedir(), ".cache"), "sandlot", ...parts);
}
