import { Cursor } from "./arrow_cursor.ts";
import type { BatchHeader } from "./arrow_metadata.ts";
import type { Boxes, Cameras, ImageObjects, Scan } from "./scan.ts";
import { type Cell, COLUMNS } from "./schema.ts";

/**
 * The scan of a record batch of one row. Its arrays are views of `body`, which must start at a
 * multiple of 8 bytes.
 *
 * @throws {RangeError} when a length, offset or null count contradicts another or leaves the body.
 */
export function decodeScan(header: BatchHeader, body: Uint8Array): Scan {
  if (header.rows !== 1) {
    throw new RangeError(`its record batch has ${header.rows} rows, and one scan is one row`);
  }
  const cursor = new Cursor(header, body);
  const cells = new Map<string, Cell>();
  for (const column of COLUMNS) {
    const cell = cursor.cell(column);
    if (cell !== undefined) cells.set(column.name, cell);
  }
  return scanOf(new Row(cells));
}

function scanOf(row: Row): Scan {
  const boxes = boxesOf(row);
  const cameras = camerasOf(row);
  const objects = objectsOf(row);
  return {
    id: row.needed("id"),
    points: row.needed("points"),
    ...row.optional("features", "features"),
    ...row.optional("semantic", "semantic"),
    ...row.optional("instance", "instance"),
    ...row.optional("time", "time"),
    ...row.optional("pose", "pose"),
    ...(boxes && { boxes }),
    ...(cameras && { cameras }),
    ...row.optional("images", "images"),
    ...row.optional("labelImages", "label_images"),
    ...row.optional("instanceImages", "instance_images"),
    ...(objects && { objects }),
    ...row.optional("texts", "texts"),
  };
}

function boxesOf(row: Row): Boxes | undefined {
  if (!row.hasAll("boxes", "box_semantic", "box_instance")) return undefined;
  return {
    geometry: row.needed("boxes"),
    semantic: row.needed("box_semantic"),
    instance: row.needed("box_instance"),
    ...row.optional("features", "box_features"),
    ...row.optional("ids", "box_ids"),
  };
}

function camerasOf(row: Row): Cameras | undefined {
  if (!row.hasAll("cameras", "camera_intrinsic", "camera_from_sensor", "camera_size")) {
    return undefined;
  }
  return {
    names: row.needed("cameras"),
    intrinsic: row.needed("camera_intrinsic"),
    fromSensor: row.needed("camera_from_sensor"),
    size: row.needed("camera_size"),
    ...row.optional("distortion", "camera_distortion"),
  };
}

const OBJECT_COLUMNS = ["objects", "area", "crowd", "semantic", "ids", "masks"].map((name) =>
  name === "objects" ? name : `object_${name}`
);

function objectsOf(row: Row): ImageObjects | undefined {
  if (!row.hasAll(...OBJECT_COLUMNS)) return undefined;
  return {
    boxes: row.needed("objects"),
    semantic: row.needed("object_semantic"),
    area: row.needed("object_area"),
    crowd: row.needed("object_crowd"),
    ids: row.needed("object_ids"),
    masks: row.needed("object_masks"),
  };
}

/** The cells of a row by column. {@linkcode Cursor.cell} made each of the type of its column. */
class Row {
  constructor(private readonly cells: ReadonlyMap<string, Cell>) {}

  needed<T extends Cell>(column: string): T {
    return this.cells.get(column) as T;
  }

  /** `{ [field]: cell }`, or nothing where the cell is null. */
  optional<F extends string>(field: F, column: string): { [K in F]?: never } {
    const cell = this.cells.get(column);
    return cell === undefined ? {} : { [field]: cell } as unknown as { [K in F]?: never };
  }

  /** Whether all of `columns` have a cell, or none. */
  hasAll(...columns: readonly string[]): boolean {
    const found = columns.filter((column) => this.cells.has(column)).length;
    if (found > 0 && found < columns.length) {
      throw new RangeError(
        `one of ${
          columns.map((name) => `"${name}"`).join(", ")
        } is null, and all or none is needed`,
      );
    }
    return found > 0;
  }
}
