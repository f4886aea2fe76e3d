import { InputError } from "../std/errors.ts";
import { exists } from "./frames.ts";

/** A list of classes is kilobytes. */
const MAX_BYTES = 1 << 22;

/**
 * The class names that `src`/classes.json gives, {id: name}; undefined when there is no such file.
 *
 * @throws {InputError} when it is no such list.
 */
export async function readClasses(src: string): Promise<Record<number, string> | undefined> {
  const path = `${src}/classes.json`;
  if (!(await exists(path))) return undefined;
  const fail = (found: string, cause?: unknown) =>
    new InputError(
      `Cannot read "${path}": ${found}, and {"0": "name"} with ids from 0 to 65535 is needed`,
      { cause },
    );
  const { size } = await Deno.stat(path);
  if (size > MAX_BYTES) throw fail(`it is ${size} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw fail("it is not JSON", cause);
  }
  const entries = Object.entries(Object(parsed));
  const bad = entries.find(([id, name]) =>
    !/^\d{1,5}$/.test(id) || Number(id) > 0xffff || typeof name !== "string"
  );
  if (entries.length === 0) throw fail("it names no class");
  if (bad !== undefined) throw fail(`it has the entry ${JSON.stringify(bad).slice(0, 60)}`);
  return Object.fromEntries(entries) as Record<number, string>;
}
