/** Reads objects of a JSON file field by field, checked. */
import type { JsonReader } from "./json_stream.ts";

/** How the fields of an object are taken; fields that are not named are skipped. */
export type Fields = Readonly<Record<string, () => void>>;

/** Takes an object, calling the taker of each field that has one. */
export function readFields(json: JsonReader, fields: Fields): void {
  json.enterObject();
  for (let key = json.key(); key !== undefined; key = json.key()) {
    if (Object.hasOwn(fields, key)) fields[key]!();
    else json.skip();
  }
}

/** Takes an array, calling `element` where each of its elements comes. */
export function readArray(json: JsonReader, element: (index: number) => void): void {
  json.enterArray();
  for (let index = 0; json.element(); index++) element(index);
}

/**
 * Takes a whole number.
 *
 * @throws {InputError} It is none, or no double holds it exactly.
 */
export function readInteger(json: JsonReader): number {
  const value = json.number();
  if (Number.isSafeInteger(value)) return value;
  throw json.fail(`found ${value}, and a whole number below 2^53 is needed`);
}

/**
 * Takes a number that is neither NaN nor infinite.
 *
 * @throws {InputError} It is.
 */
export function readFinite(json: JsonReader): number {
  const value = json.number();
  if (Number.isFinite(value)) return value;
  throw json.fail(`found ${value}, and a finite number is needed`);
}

/** Takes a flag: 0, 1, true or false. */
export function readFlag(json: JsonReader): boolean {
  if (json.kind() === "boolean") return json.boolean();
  const value = json.number();
  if (value === 0 || value === 1) return value === 1;
  throw json.fail(`found ${value}, and 0 or 1 is needed`);
}

/** The value of a field that an object must have. */
export function needed<T>(json: JsonReader, value: T | undefined, name: string, of: string): T {
  if (value !== undefined) return value;
  throw json.fail(`the ${of} that ends here has no "${name}", and it is needed`);
}
