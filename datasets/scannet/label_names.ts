import { InputError } from "../../std/errors.ts";

/** The table has 600 lines. */
const MAX_BYTES = 1 << 24;

/**
 * The NYU40 id of each raw category, of `scannetv2-labels.combined.tsv`.
 *
 * @throws {InputError} when a column is missing or an id is not from 1 to 40.
 */
export async function readLabelNames(path: string): Promise<ReadonlyMap<string, number>> {
  const { size } = await Deno.stat(path);
  if (size > MAX_BYTES) throw new InputError(`Cannot read "${path}": it is ${size} bytes`);
  const lines = (await Deno.readTextFile(path)).replaceAll("\r", "").trimEnd().split("\n");
  const names = lines[0]!.split("\t");
  const [name, id] = [names.indexOf("raw_category"), names.indexOf("nyu40id")];
  if (name < 0 || id < 0) {
    throw new InputError(
      `Cannot read "${path}": its columns are ${names.join(", ").slice(0, 200)}, and ` +
        `raw_category and nyu40id are needed`,
    );
  }
  return new Map(
    lines.slice(1).map((line, i) => {
      const values = line.split("\t");
      const nyu40 = Number(values[id]);
      if (!Number.isInteger(nyu40) || nyu40 < 1 || nyu40 > 40 || values[name] === undefined) {
        throw new InputError(
          `Cannot read "${path}" line ${i + 2}: its nyu40id is "${
            values[id]
          }", and 1 to 40 is needed`,
        );
      }
      return [values[name], nyu40];
    }),
  );
}
