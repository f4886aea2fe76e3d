/** Points of a file as named columns, whatever its format: what the readers of this folder make. */

/** The values of one field, one a point. */
export type CloudColumn =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Cloud {
  readonly points: number;
  /** By lower-case name; each has `points` values. Coordinates are x, y, z. */
  readonly columns: ReadonlyMap<string, CloudColumn>;
}

/** The columns that a matrix without names has by its width, as the field's data sets have them. */
const BY_WIDTH: Readonly<Record<number, readonly string[]>> = {
  3: ["x", "y", "z"],
  4: ["x", "y", "z", "intensity"],
  5: ["x", "y", "z", "intensity", "ring"],
  6: ["x", "y", "z", "red", "green", "blue"],
  7: ["x", "y", "z", "red", "green", "blue", "label"],
};

/** Names of the columns of a matrix: x, y, z and what {@linkcode BY_WIDTH} knows behind them. */
export const columnNames = (width: number): readonly string[] => BY_WIDTH[width] ?? BY_WIDTH[3]!;

/** Takes row-major values [points, width] apart; columns without a name are left out. */
export function cloudOfRows(
  values: Float32Array | Float64Array,
  width: number,
  names: readonly string[] = columnNames(width),
): Cloud {
  const points = values.length / width;
  const Type = values instanceof Float64Array ? Float64Array : Float32Array;
  const columns = new Map<string, CloudColumn>();
  names.forEach((name, c) => {
    const column = new Type(points);
    for (let i = 0; i < points; i++) column[i] = values[i * width + c]!;
    columns.set(name, column);
  });
  return { points, columns };
}
