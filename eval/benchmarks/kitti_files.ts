/** KITTI's label and result files, as the official programs read them. */
import { InputError } from "../../std/errors.ts";
import { FIELD_COUNT, FIELDS, KINDS, type KittiObjects, OTHER } from "../metrics/kitti_frame.ts";
import { Scanner } from "./scanf.ts";

/** Objects of a file. */
export interface KittiFile extends KittiObjects {
  /** Lines with too few or unreadable columns: the programs drop them without a word. */
  readonly dropped: number;
}

/** The programs' buffer for the type; a longer one makes them write past it. */
const LONGEST_TYPE = 254;

/**
 * Objects of a label file (15 columns) or a result file (16: a score as well).
 *
 * @throws {InputError} A type is longer than the official programs can hold.
 */
export function readKittiFile(bytes: Uint8Array, path: string, scored: boolean): KittiFile {
  const scanner = new Scanner(bytes);
  const kinds: number[] = [];
  const fields: number[] = [];
  let dropped = 0;
  while (!scanner.done) {
    const type = scanner.word();
    if (type.length > LONGEST_TYPE) {
      throw new InputError(
        `Cannot read "${path}": line ${scanner.line} or the one before has a type of ` +
          `${type.length} characters, and at most ${LONGEST_TYPE} are needed`,
      );
    }
    const row = readRow(scanner, scored);
    if (row === undefined) {
      dropped++;
      continue;
    }
    kinds.push(kindOf(type));
    for (const value of row) fields.push(value);
  }
  return { kinds: Uint8Array.from(kinds), fields: Float64Array.from(fields), dropped };
}

/** The columns after the type; undefined where one of them is no number. */
function readRow(scanner: Scanner, scored: boolean): number[] | undefined {
  const row: number[] = new Array(FIELD_COUNT).fill(0);
  const count = scored ? FIELD_COUNT : FIELD_COUNT - 1;
  for (let column = 0; column < count; column++) {
    // Occlusion is an integer in labels; results have any number there.
    const value = column === FIELDS.occlusion && !scored ? scanner.integer() : scanner.number();
    if (value === undefined) return undefined;
    row[column] = value;
  }
  return row;
}

function kindOf(type: string): number {
  const kind = (KINDS as readonly string[]).indexOf(type.toLowerCase());
  return kind < 0 ? OTHER : kind;
}
