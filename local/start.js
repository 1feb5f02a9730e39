// Plain JavaScript: it has to run, and to explain itself, on a Node that cannot run the rest, and before `npm ci`.
const least = 24;
const [major] = process.versions.node.split(".");

if (Number(major) < least) {
  process.stderr.write(
    `Node ${least} or newer is needed, this is ${process.versions.node}. ` +
      "Run `npm ci`, which brings the project's own Node, and start with `npm start`, which puts it first.\n",
  );
  process.exitCode = 1;
} else {
  try {
    await import("./start.ts");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || error.message.includes(import.meta.dirname)) throw error;
    process.stderr.write("The project's packages are not installed. Run `npm ci` first.\n");
    process.exitCode = 1;
  }
}
