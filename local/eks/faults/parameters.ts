/** One parameter of a kind of fault: what it takes, and what holds without it. */
export interface Parameter<Value> {
  /** Completes "must be …". */
  readonly is: string;
  readonly required: boolean;
  readonly otherwise: Value | undefined;
  /** The value; undefined for anything that it does not take. */
  read(value: unknown): Value | undefined;
}

/** What a value has to be. */
export interface Reader<Value> {
  readonly is: string;
  read(value: unknown): Value | undefined;
}

export type Required<Value> = Parameter<Value> & { readonly required: true };
export type Optional<Value> = Parameter<Value> & { readonly required: false };

/** A parameter that a fault cannot go without. */
export function required<Value>(reader: Reader<Value>): Required<Value> {
  return { ...reader, required: true, otherwise: undefined };
}

/** A parameter that may be left out. */
export function optional<Value>(reader: Reader<Value>): Optional<Value | undefined> {
  return { ...reader, required: false, otherwise: undefined };
}

/** A parameter with a value of its own. */
export function defaulting<Value>(reader: Reader<Value>, otherwise: Value): Optional<Value> {
  return { ...reader, required: false, otherwise };
}

const longestSeconds = 24 * 60 * 60;

export const text: Reader<string> = {
  is: "a text of 1 to 500 characters",
  read: (value) => (typeof value === "string" && value !== "" && value.length <= 500 ? value : undefined),
};

export const seconds: Reader<number> = {
  is: `a number of seconds, above 0 and at most ${longestSeconds}`,
  read: (value) => (typeof value === "number" && value > 0 && value <= longestSeconds ? value : undefined),
};

export const count: Reader<number> = {
  is: "a whole number, at least 1",
  read: (value) => (Number.isInteger(value) && Number(value) >= 1 ? Number(value) : undefined),
};

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Reader<Word> {
  return { is: `one of ${words.join(", ")}`, read: (value) => words.find((word) => word === value) };
}
