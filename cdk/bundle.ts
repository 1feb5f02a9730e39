import { join } from "node:path";
import { buildSync } from "esbuild";

const lambdas = join(import.meta.dirname, "..", "lambdas");

/** The folder of a function's sources. */
export function sourceOf(name: string): string {
  return join(lambdas, name);
}

/**
 * Writes a function as one file, `index.mjs`, into `outdir`: with the SDK that was tested, which also loads faster than the
 * runtime's own.
 *
 * @throws naming what does not build.
 */
export function bundle(name: string, outdir: string): void {
  buildSync({
    entryPoints: [join(sourceOf(name), "handler.ts")],
    outfile: join(outdir, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
    alias: { "node:http": join(import.meta.dirname, "node-http.cjs") },
    // CommonJS dependencies inside an ES module still call `require` for Node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: "warning",
  });
}
