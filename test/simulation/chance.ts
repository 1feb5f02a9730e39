import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Every choice of a run, from one seed. */
export interface Chance {
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True `percent` times in a hundred. */
  happens(percent: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
}

export function chanceFrom(seed: number): Chance {
  const generator = xoroshiro128plus(seed);
  // The generator's first outputs of neighbouring seeds resemble each other.
  for (let n = 0; n < 8; n++) generator.next();
  const between = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    between,
    happens: (percent) => percent > 0 && between(1, 1000) <= percent * 10,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
  };
}
