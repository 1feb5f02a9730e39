import type { JsonObject } from "../json.ts";
import { type Fault, type FaultKind, faultKinds, isFaultKind, parametersOf } from "./kinds.ts";

/** A request for a fault that cannot be met; the message names the field and what it takes. */
export class InvalidFault extends Error {
  override readonly name = "InvalidFault";
  readonly field: string;
  /** The kinds, fields or values that there are. */
  readonly valid: string | readonly string[];

  constructor(field: string, message: string, valid: string | readonly string[]) {
    super(message);
    this.field = field;
    this.valid = valid;
  }
}

/**
 * The fault that a request asks for, defaults filled in.
 *
 * @throws InvalidFault for the first field that is unknown, missing or wrong.
 */
export function readFault(request: JsonObject): Fault {
  const { kind, ...given } = request;
  if (!isFaultKind(kind)) {
    const kinds = Object.keys(faultKinds);
    throw new InvalidFault("kind", `kind must be one of ${kinds.join(", ")}`, kinds);
  }
  const parameters = parametersOf(kind);
  const names = Object.keys(parameters);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InvalidFault(unknown, `${kind} has no field ${unknown}; it has ${names.join(", ")}`, names);
  }
  return { kind, ...Object.fromEntries(names.map((name) => [name, valueFor(kind, name, given[name])])) } as Fault;
}

function valueFor(kind: FaultKind, name: string, given: unknown): unknown {
  const parameter = parametersOf(kind)[name];
  if (parameter === undefined || (given === undefined && !parameter.required)) return parameter?.otherwise;
  const value = parameter.read(given);
  if (value === undefined) throw new InvalidFault(name, `${name} of ${kind} must be ${parameter.is}`, parameter.is);
  return value;
}
