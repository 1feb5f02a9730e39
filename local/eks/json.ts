/** A JSON object whose members nobody has checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value has members with names: no list, no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that the text holds; an empty one for anything else. */
export function parseObject(text: string | Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** A member of an object; undefined when there is no such object. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** A text, or undefined for anything else and for the empty one. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The texts in a list; none when it is no list. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((it): it is string => typeof it === "string") : [];
}
