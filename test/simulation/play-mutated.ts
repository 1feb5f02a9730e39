import { mutate } from "./mutate.ts";
import { mutations } from "./mutations.ts";

/** Seeds within which a defect must show. */
const maxSeeds = 20_000;

const mutation = mutations[Number(process.argv[2])];
if (!mutation) throw new Error(`There is no mutation ${process.argv[2]}.`);
mutate(mutation);
const { simulate } = await import("./world.ts");
for (let seed = 1; seed <= maxSeeds; seed++) {
  const { violation } = await simulate(seed);
  if (!violation) continue;
  process.stdout.write(`seed ${seed}: ${violation.message}\n`);
  break;
}
