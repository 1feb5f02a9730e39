import { type Run, type Shape, simulate } from "./world.ts";

/** Seeds tried for each smaller shape: another shape makes other choices of the same seed. */
const seedsPerShape = 300;

/** The fewest callers and kinds of trouble, one after the other, that still break the same invariant. */
export async function shrink(failure: Run): Promise<Run> {
  let smallest = failure;
  const attempt = async (shape: Shape) => {
    for (let seed = failure.seed; seed < failure.seed + seedsPerShape; seed++) {
      const run = await simulate(seed, { shape });
      if (run.violation?.invariant !== failure.violation?.invariant) continue;
      smallest = run;
      return true;
    }
    return false;
  };
  const calmer: ((shape: Shape) => Shape)[] = [
    (shape) => ({ ...shape, troublePercent: 0 }),
    (shape) => ({ ...shape, killPercent: 0 }),
    (shape) => ({ ...shape, operators: 0 }),
    (shape) => ({ ...shape, operators: Math.min(shape.operators, 1) }),
    (shape) => ({ ...shape, faults: { ...shape.faults, lost: 0 } }),
    (shape) => ({ ...shape, faults: { ...shape.faults, resent: 0 } }),
    (shape) => ({ ...shape, faults: { ...shape.faults, throttled: 0 } }),
  ];
  for (const calm of calmer) await attempt(calm(smallest.shape));
  for (let callers = 1; callers < smallest.shape.callers; callers++) {
    if (await attempt({ ...smallest.shape, callers })) break;
  }
  return smallest;
}
