/** What the authors of a data set, and of models on it, have published as numbers and names. */

/** Red, green, blue: 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The grid that a published model puts points into. */
export interface ModelGrid {
  readonly model: string;
  /** Edges of a voxel along x, y, z in metres. */
  readonly voxel: readonly [number, number, number];
  /** Lowest x, y, z, then highest, in metres; absent where nothing is cut off. */
  readonly range?: readonly [number, number, number, number, number, number];
}

export interface Published {
  /** Where the numbers stand. */
  readonly source: string;
  /** Raw class id to name. */
  readonly classes: Readonly<Record<number, string>>;
  /** Raw class id to the colour its authors draw it in. */
  readonly colours?: Readonly<Record<number, Rgb>>;
  /** Sequences, scenes or frames of each split. */
  readonly splits?: Readonly<Record<string, readonly string[]>>;
  readonly grids: readonly ModelGrid[];
}

/** Numbers written as "1-3 7", each padded to `digits` and put behind `prefix`. */
export function numbered(prefix: string, digits: number, ranges: string): string[] {
  return ranges.split(" ").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from(
      { length: last - first + 1 },
      (_, i) => prefix + String(first + i).padStart(digits, "0"),
    );
  });
}
