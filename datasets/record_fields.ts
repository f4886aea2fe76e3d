/** Fields of JSON records, checked as they are read. */
import { InputError } from "../std/errors.ts";
import type { JsonRecord } from "./json_records.ts";

/** Says what of which record is wrong. */
export class Fields {
  constructor(private readonly record: JsonRecord, private readonly place: string) {}

  #fail(name: string, needed: string): InputError {
    const found = (JSON.stringify(this.record[name]) ?? "missing").slice(0, 80);
    return new InputError(
      `Cannot read ${this.place}: "${name}" is ${found}, and ${needed} is needed`,
    );
  }

  text(name: string): string {
    const value = this.record[name];
    if (typeof value !== "string") throw this.#fail(name, "a text");
    return value;
  }

  number(name: string): number {
    const value = this.record[name];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw this.#fail(name, "a finite number");
    }
    return value;
  }

  /** A whole number from `least` to `most`. */
  count(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(name);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw this.#fail(name, `a whole number from ${least} to ${most}`);
    }
    return value;
  }

  boolean(name: string): boolean {
    const value = this.record[name];
    if (typeof value !== "boolean") throw this.#fail(name, "true or false");
    return value;
  }

  vector(name: string, length: number): number[] {
    const value = this.record[name];
    const fits = Array.isArray(value) && value.length === length &&
      value.every((v) => typeof v === "number" && Number.isFinite(v));
    if (!fits) throw this.#fail(name, `a list of ${length} finite numbers`);
    return value;
  }

  /** A vector that JSON gives null for NaN in. */
  vectorOrNaN(name: string, length: number): number[] {
    const value = this.record[name];
    const fits = Array.isArray(value) && value.length === length &&
      value.every((v) => typeof v === "number" || v === null);
    if (!fits) throw this.#fail(name, `a list of ${length} numbers`);
    return value.map((v) => v ?? NaN);
  }

  /** Rows of equal length as one row-major list; a list of no rows is empty. */
  matrix(name: string, rows: number, columns: number): number[] {
    const value = this.record[name];
    const fits = Array.isArray(value) && value.length === rows &&
      value.every((row) =>
        Array.isArray(row) && row.length === columns &&
        row.every((v) => typeof v === "number" && Number.isFinite(v))
      );
    if (!fits) throw this.#fail(name, `a ${rows} x ${columns} matrix of finite numbers`);
    return value.flat();
  }

  texts(name: string): string[] {
    const value = this.record[name];
    if (!Array.isArray(value) || !value.every((v) => typeof v === "string")) {
      throw this.#fail(name, "a list of texts");
    }
    return value;
  }

  /** A list of whole numbers from `least` to `most`, of any length. */
  counts(name: string, least: number, most: number): number[] {
    const value = this.record[name];
    const fits = Array.isArray(value) &&
      value.every((v) => Number.isInteger(v) && v >= least && v <= most);
    if (!fits) throw this.#fail(name, `a list of whole numbers from ${least} to ${most}`);
    return value;
  }

  /** The field as JSON, whatever it is. */
  json(name: string): string {
    return JSON.stringify(this.record[name]);
  }

  /** The record in field `name`. */
  fields(name: string): Fields {
    const value = this.record[name];
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#fail(name, "an object");
    }
    return new Fields(value as JsonRecord, `${this.place}, "${name}"`);
  }

  /** The records in the list `name`. */
  list(name: string): Fields[] {
    const value = this.record[name];
    if (!Array.isArray(value)) throw this.#fail(name, "a list");
    return value.map((entry, i) =>
      new Fields(Object(entry) as JsonRecord, `${this.place}, "${name}" ${i}`)
    );
  }

  has(name: string): boolean {
    return this.record[name] !== undefined && this.record[name] !== null;
  }
}

/**
 * The path of a file that a record names below `root`.
 *
 * @throws {InputError} when the name would lead out of `root`.
 */
export function pathInside(root: string, name: string, place: string): string {
  const steps = name.split(/[\\/]/);
  if (name === "" || steps.includes("..") || steps[0] === "" || /^[A-Za-z]:|\p{Cc}/u.test(name)) {
    throw new InputError(
      `Cannot read ${place}: the file name ${JSON.stringify(name)} leads out of the data set`,
    );
  }
  return `${root}/${name}`;
}

/** A JSON file that is one object, of at most 256 MB. */
export async function readJson(path: string): Promise<Fields> {
  const value = await parseJsonFile(path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`Cannot read "${path}": it is JSON, and not an object`);
  }
  return new Fields(value as JsonRecord, `"${path}"`);
}

/** A JSON file that is a list of objects, of at most 256 MB. */
export async function readJsonList(path: string): Promise<Fields[]> {
  const value = await parseJsonFile(path);
  if (!Array.isArray(value)) throw new InputError(`Cannot read "${path}": it is not a JSON list`);
  return value.map((entry, i) => new Fields(Object(entry) as JsonRecord, `"${path}" entry ${i}`));
}

async function parseJsonFile(path: string): Promise<unknown> {
  try {
    const { size } = await Deno.stat(path);
    if (size > 1 << 28) throw new InputError(`Cannot read "${path}": it is ${size} bytes`);
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new InputError(`Cannot read "${path}": there is no such file`, { cause });
    }
    if (!(cause instanceof SyntaxError)) throw cause;
    const found = cause.message.replace(/\p{Cc}/gu, "?");
    throw new InputError(`Cannot read "${path}": it is not JSON (${found})`, { cause });
  }
}
