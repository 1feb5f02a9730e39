import { join } from "node:path";
import { buildSync } from "esbuild";

const lambdas = join(import.meta.dirname, "..", "lambdas");

/**
 * Ways to credentials that the SDK would import when the environment holds none, which on Lambda it always does. Left out,
 * they also free the functions from what the SDK's parts share with them: a tenth of the import time of a function.
 */
const neverImported = [
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/credential-provider-imds",
];

/** The folder of a function's sources. */
export function sourceOf(name: string): string {
  return join(lambdas, name);
}

/**
 * Writes a function into `outdir`: `index.mjs`, and beside it the parts that are loaded when they are first asked for. With
 * the SDK that was tested, which also loads faster than the runtime's own.
 *
 * @throws naming what does not build.
 */
export function bundle(name: string, outdir: string): void {
  buildSync({
    entryPoints: { index: join(sourceOf(name), "handler.ts") },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    external: neverImported,
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
