import { parseArgs } from "node:util";
import { addFault, clearFaults, listFaults, removeFault } from "./eks/faults/client.ts";
import { commonParameters, type FaultRequest, faultKinds, isFaultKind, parametersOf } from "./eks/faults/kinds.ts";
import type { FaultReport } from "./eks/faults/register.ts";

const usage = `Makes things go wrong on the laptop on purpose.

  npm run fault -- add KIND [options]   from now on
  npm run fault -- list                 with how often each has struck
  npm run fault -- remove ID            ends one
  npm run fault -- clear                ends all

  --pool ID           only clusters of this pool (their tag sandlot:pool)
  --cluster NAME      only this cluster; a glob such as 'sandlot-*'
  --times NUMBER      so many hits (until it is removed)
  --seconds NUMBER    for so long (until it is removed)
  --url URL           where the EKS API answers (http://127.0.0.1:8402)
  --help              this text

Kinds, with their own options:

${Object.keys(faultKinds).filter(isFaultKind).map(describe).join("\n")}
`;

const parameterNames = [commonParameters, ...Object.values(faultKinds).map((kind) => kind.parameters)].flatMap(
  Object.keys,
);
const options = {
  ...Object.fromEntries(parameterNames.map((name) => [name, { type: "string" as const }])),
  url: { type: "string", default: "http://127.0.0.1:8402" },
  help: { type: "boolean", default: false },
} as const;

/** A wrong command line, in words for the user. */
class UsageError extends Error {}

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    process.stdout.write(await perform(process.argv.slice(2)));
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

async function perform(words: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
  if (values.help === true) return usage;
  const { help: _, url, ...fields } = values;
  const [command, subject, ...surplus] = positionals;
  const needed = command === "add" || command === "remove";
  if (surplus.length > 0 || needed !== (subject !== undefined)) throw new UsageError(usage);
  switch (command) {
    case "add":
      return tableOf([await addFault(url, { kind: subject, ...typed(subject, fields) } as FaultRequest)]);
    case "list":
      return tableOf(await listFaults(url));
    case "remove":
      await removeFault(url, subject ?? "");
      return "";
    case "clear":
      await clearFaults(url);
      return "";
    default:
      throw new UsageError(usage);
  }
}

function describe(kind: keyof typeof faultKinds): string {
  const { imitates, parameters } = faultKinds[kind];
  const own = Object.entries(parameters).map(([name, { required, otherwise }]) => {
    const note = required ? " (needed)" : otherwise === undefined ? "" : ` (${otherwise})`;
    return `      --${name}${note}\n`;
  });
  return `  ${kind}: ${imitates}\n${own.join("")}`;
}

/** The fields with numbers where the kind takes numbers; what it does not take is for the EKS API to refuse. */
function typed(kind: string | undefined, fields: Readonly<Record<string, unknown>>): object {
  const parameters = isFaultKind(kind) ? parametersOf(kind) : {};
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const isTaken = parameters[name]?.read(value) !== undefined;
      return [name, isTaken || Number.isNaN(Number(value)) ? value : Number(value)];
    }),
  );
}

function tableOf(faults: readonly FaultReport[]): string {
  if (faults.length === 0) return "no faults\n";
  return faults
    .map(({ id, kind, state, hits, clusters, addedAt: _, ...fields }) => {
      const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
      return `${[id, state, kind, ...given, `hits=${hits}`, ...clusters].join("  ")}\n`;
    })
    .join("");
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "fetch failed"
    ? "no EKS API answers there: is the laptop running (npm start)?"
    : error.message;
}
