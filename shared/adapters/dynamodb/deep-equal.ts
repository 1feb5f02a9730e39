/** Asked of the process, since importing `node:util` as a module loads all that it offers, worker threads among it. */
export const { isDeepStrictEqual } = process.getBuiltinModule("node:util");
