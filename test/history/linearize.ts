/** An operation on an object whose states are texts. */
export interface Operation {
  readonly name: string;
  /** When it was invoked. */
  readonly from: number;
  /** When it was answered; `Infinity` when it never was. */
  readonly to: number;
  /** One without an answer may have taken effect at any time after `from`, or never. */
  readonly optional: boolean;
  /** The state after it, or `undefined` when it cannot have happened in `state`. */
  readonly apply: (state: string) => string | undefined;
}

/**
 * Whether the operations can be put into one order that respects real time (what was answered before another was invoked
 * comes first) and in which each is possible: the search of Wing and Gong, with Lowe's memory of configurations that failed.
 *
 * @returns the order found, by name, or `undefined` when there is none.
 */
export function linearize(initial: string, operations: readonly Operation[]): readonly string[] | undefined {
  const failed = new Set<string>();

  function search(state: string, done: bigint, order: readonly string[]): readonly string[] | undefined {
    const left = operations.flatMap((operation, index) => ((done >> BigInt(index)) & 1n ? [] : [{ operation, index }]));
    if (left.every(({ operation }) => operation.optional)) return order;
    const configuration = `${done} ${state}`;
    if (failed.has(configuration)) return undefined;
    const firstAnswer = Math.min(...left.map(({ operation }) => operation.to));
    for (const { operation, index } of left) {
      if (operation.from > firstAnswer) continue;
      const next = operation.apply(state);
      if (next === undefined) continue;
      const found = search(next, done | (1n << BigInt(index)), [...order, operation.name]);
      if (found) return found;
    }
    failed.add(configuration);
    return undefined;
  }

  return search(initial, 0n, []);
}
