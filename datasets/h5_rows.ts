/** HDF5 files of which each row is a sample. */
import { InputError } from "../std/errors.ts";
import type { Part } from "./dataset.ts";
import { H5File } from "./h5_file.ts";
import { sourceKey } from "./parts.ts";
import type { Scan } from "./scan.ts";

/** How the rows of files become scans. */
export interface RowReader {
  /** Array [rows, points, columns] whose rows are counted. */
  readonly points: string;
  /** Makes a scan of row `row`; `place` is for error texts. */
  read(file: H5File, row: number, id: string, place: string): Promise<Scan>;
}

/** A part of all rows of files, in the order of the files; the id of a row is "file/row". */
export async function rowsPart(
  name: string,
  src: string,
  files: readonly string[],
  reader: RowReader,
): Promise<Part> {
  const counts: number[] = [];
  for (const file of files) {
    using open = await H5File.open(`${src}/${file}`);
    const shape = open.shape(reader.points) ?? [];
    if (shape.length !== 3 || shape[2]! < 3 || shape[0]! < 1) {
      throw new InputError(
        `Cannot convert "${src}/${file}": "${reader.points}" has the shape (${
          shape.join(", ")
        }), ` +
          `and (rows, points, 3 or more) is needed`,
      );
    }
    counts.push(open.samples(reader.points));
  }
  return {
    name,
    length: counts.reduce((a, b) => a + b, 0),
    key: await sourceKey(files.map((file) => `${src}/${file}`)),
    async *scans(from, to) {
      let first = 0;
      for (const [f, file] of files.entries()) {
        const [begin, end] = [Math.max(0, from - first), Math.min(counts[f]!, to - first)];
        first += counts[f]!;
        if (begin >= end) continue;
        using open = await H5File.open(`${src}/${file}`);
        for (let row = begin; row < end; row++) {
          const id = `${file.replace(/\.h5$/, "")}/${row}`;
          yield await reader.read(open, row, id, `"${src}/${file}" row ${row}`);
        }
      }
    },
  };
}

/**
 * The labels of a row: whole numbers, one a point.
 *
 * @throws {InputError} when their number is not that of the points.
 */
export async function rowLabels(
  file: H5File,
  name: string,
  row: number,
  points: number,
  place: string,
): Promise<Float64Array> {
  const { data } = await file.read(name, row, row + 1);
  if (data.length !== points) {
    throw new InputError(
      `Cannot convert ${place}: "${name}" has ${data.length} values, and ${points} are needed`,
    );
  }
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}
