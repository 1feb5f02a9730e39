import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Mutation } from "./mutations.ts";

/**
 * Loads the mutated text instead of the file's own from here on; call it before the file is first imported.
 *
 * @throws on that import when the text to replace does not stand in the file exactly once.
 */
export function mutate({ name, file, from, to }: Mutation): void {
  const target = pathToFileURL(resolve(import.meta.dirname, "../..", file)).href;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== target) return loaded;
      const parts = String(loaded.source).split(from);
      if (parts.length !== 2)
        throw new Error(`"${name}": its text stands ${parts.length - 1} times in ${file}, not once.`);
      return { ...loaded, source: parts.join(to) };
    },
  });
}
