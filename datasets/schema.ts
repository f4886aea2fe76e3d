/** The layout of a scan file: its columns. What they hold is said in `scan.ts`. */
import type { Scan } from "./scan.ts";

/** Name and version of the layout that {@linkcode COLUMNS} describes; a change of it is a new version. */
export const SCHEMA = { name: "scans", version: 2 } as const;

/** The values of a list column, without the lists. */
export type Values = Float32Array | Float64Array | Uint16Array;

/** What a cell of a column holds. */
export type Cell = Values | number | string | readonly string[] | readonly Uint8Array[];

interface Named {
  readonly name: string;
  /** Whether a scan may lack it. */
  readonly nullable: boolean;
  /** The value of a scan that goes into the column. */
  readonly of: (scan: Scan) => Cell | undefined;
}

/** A column whose cell is a list of rows, `width` numbers each; 1 = a plain list. */
export interface ListColumn extends Named {
  readonly kind: "list";
  readonly element: "Float32" | "Float64" | "Uint16";
  readonly width: number;
}

/** A column whose cell is a text, a number, a list of texts, or a list of byte strings. */
export interface PlainColumn extends Named {
  readonly kind: "text" | "number" | "texts" | "blobs";
}

export type Column = ListColumn | PlainColumn;

const list = (
  name: string,
  element: ListColumn["element"],
  width: number,
  of: Column["of"],
): Column => ({ kind: "list", name, element, width, nullable: true, of });

const plain = (name: string, kind: PlainColumn["kind"], of: Column["of"]): Column => ({
  kind,
  name,
  nullable: true,
  of,
});

/** The columns in file order. Units and shapes: {@linkcode Scan} in `scan.ts`. */
export const COLUMNS: readonly Column[] = [
  { ...plain("id", "text", (s) => s.id), nullable: false },
  { ...list("points", "Float32", 4, (s) => s.points), nullable: false },
  list("features", "Float32", 1, (s) => s.features),
  list("semantic", "Uint16", 1, (s) => s.semantic),
  list("instance", "Uint16", 1, (s) => s.instance),
  plain("time", "number", (s) => s.time),
  list("pose", "Float64", 4, (s) => s.pose),
  list("boxes", "Float32", 7, (s) => s.boxes?.geometry),
  list("box_semantic", "Uint16", 1, (s) => s.boxes?.semantic),
  list("box_instance", "Uint16", 1, (s) => s.boxes?.instance),
  list("box_features", "Float32", 1, (s) => s.boxes?.features),
  plain("box_ids", "texts", (s) => s.boxes?.ids),
  plain("cameras", "texts", (s) => s.cameras?.names),
  list("camera_intrinsic", "Float64", 9, (s) => s.cameras?.intrinsic),
  list("camera_from_sensor", "Float64", 12, (s) => s.cameras?.fromSensor),
  list("camera_size", "Uint16", 2, (s) => s.cameras?.size),
  list("camera_distortion", "Float64", 5, (s) => s.cameras?.distortion),
  plain("images", "blobs", (s) => s.images),
  plain("label_images", "blobs", (s) => s.labelImages),
  plain("texts", "texts", (s) => s.texts),
  plain("instance_images", "blobs", (s) => s.instanceImages),
  list("objects", "Float64", 4, (s) => s.objects?.boxes),
  list("object_semantic", "Uint16", 1, (s) => s.objects?.semantic),
  list("object_area", "Float64", 1, (s) => s.objects?.area),
  list("object_crowd", "Uint16", 1, (s) => s.objects?.crowd),
  plain("object_ids", "texts", (s) => s.objects?.ids),
  plain("object_masks", "texts", (s) => s.objects?.masks),
];

/** What the columns are, written as Arrow's libraries print their types. */
export const COLUMN_TYPES: readonly string[] = COLUMNS.map((column) =>
  `${column.name}: ${typeName(column)}`
);

function typeName(column: Column): string {
  switch (column.kind) {
    case "text":
      return "Utf8";
    case "number":
      return "Float64";
    case "texts":
      return "List<Utf8>";
    case "blobs":
      return "List<Binary>";
    case "list": {
      const { element, width } = column;
      return `List<${width === 1 ? element : `FixedSizeList[${width}]<${element}>`}>`;
    }
  }
}
