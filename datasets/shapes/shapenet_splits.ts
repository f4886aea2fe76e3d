/** The lists of shapes by which ShapeNet-Part is split. */
import { InputError } from "../../std/errors.ts";
import { pathInside } from "../record_fields.ts";

export const SPLITS = ["train", "val", "test"];

/** Where the list of a split is. */
export function listOfSplit(src: string, split: string): string {
  return `${src}/train_test_split/shuffled_${split}_file_list.json`;
}

/**
 * The shapes of a split as SYNSET/SHAPE, in the order of its list.
 *
 * @throws {InputError} The list is not there, or is no JSON list of names.
 */
export async function shapesOfSplit(src: string, split: string): Promise<string[]> {
  const path = listOfSplit(src, split);
  let parsed: unknown;
  try {
    const { size } = await Deno.stat(path);
    parsed = size > 1 << 24 ? undefined : JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    const found = cause instanceof SyntaxError ? "it is not JSON" : (cause as Error).message;
    throw new InputError(`Cannot read "${path}": ${found}`, { cause });
  }
  if (
    !Array.isArray(parsed) || parsed.length === 0 || !parsed.every((n) => typeof n === "string")
  ) {
    throw new InputError(`Cannot read "${path}": it is no list of names`);
  }
  for (const name of parsed) pathInside("", name, `"${path}"`);
  return parsed.map((name) => name.replace(/^shape_data\//, ""));
}
