import { InputError, unknownName } from "../std/errors.ts";
import type { Scan } from "./scan.ts";

/** Name and version of the layout that {@linkcode COLUMNS} describes; a change of it is a new version. */
export const SCHEMA = { name: "scans", version: 1 } as const;

/** The values of a list column, without the lists. */
export type Values = Float32Array | Float64Array | Uint16Array;

/** A column whose cell is a list of rows, `width` numbers each. */
export interface ListColumn {
  readonly name: string;
  readonly element: "Float32" | "Float64" | "Uint16";
  /** Numbers in a row; 1 = a plain list. */
  readonly width: number;
  /** Whether a scan may lack it. */
  readonly nullable: boolean;
  /** The values of a scan that go into the column. */
  readonly of: (scan: Scan) => Values | undefined;
}

/** The columns after `id` (Utf8), in file order. Units and shapes: {@linkcode Scan} in `scan.ts`. */
// deno-fmt-ignore
export const COLUMNS = [
  { name: "points", element: "Float32", width: 4, nullable: false, of: (s) => s.points },
  { name: "semantic", element: "Uint16", width: 1, nullable: true, of: (s) => s.semantic },
  { name: "instance", element: "Uint16", width: 1, nullable: true, of: (s) => s.instance },
  { name: "pose", element: "Float64", width: 4, nullable: true, of: (s) => s.pose },
  { name: "boxes", element: "Float32", width: 7, nullable: true, of: (s) => s.boxes?.geometry },
  { name: "box_semantic", element: "Uint16", width: 1, nullable: true, of: (s) => s.boxes?.semantic },
  { name: "box_instance", element: "Uint16", width: 1, nullable: true, of: (s) => s.boxes?.instance },
] as const satisfies readonly ListColumn[];

/** What the columns are, written as Arrow's libraries print their types. */
export const COLUMN_TYPES: readonly string[] = [
  "id: Utf8",
  ...COLUMNS.map(({ name, element, width }) =>
    `${name}: List<${width === 1 ? element : `FixedSizeList[${width}]<${element}>`}>`
  ),
];

/** What a scan file says of its data set. */
export interface ScanMetadata {
  readonly dataset: string;
  /** Version of the data set as made here: it changes when a conversion gives other numbers. */
  readonly version: number;
  /** Where the recordings come from. */
  readonly source: string;
  readonly licence: string;
  /** Raw class id to name: the ids of `semantic` and `box_semantic`. */
  readonly classes: Readonly<Record<number, string>>;
  readonly sensor: string;
}

/** The schema metadata of a scan file: what a reader needs to refuse a layout it does not know. */
export function encodeMetadata(metadata: ScanMetadata): Map<string, string> {
  return new Map([
    ["voxmark.schema", SCHEMA.name],
    ["voxmark.schema_version", String(SCHEMA.version)],
    ["voxmark.dataset", metadata.dataset],
    ["voxmark.dataset_version", String(metadata.version)],
    ["voxmark.source", metadata.source],
    ["voxmark.licence", metadata.licence],
    ["voxmark.sensor", metadata.sensor],
    ["voxmark.classes", JSON.stringify(metadata.classes)],
  ]);
}

/**
 * The inverse of {@linkcode encodeMetadata}, after a check of the layout and of `columns`, each
 * "name: type".
 *
 * @throws {InputError} when layout, version or columns are others, or an entry is missing.
 */
export function decodeMetadata(
  found: ReadonlyMap<string, string>,
  columns: readonly string[],
): ScanMetadata {
  checkLayout(found, columns);
  const text = (key: string): string => {
    const value = found.get(`voxmark.${key}`);
    if (value === undefined) {
      throw new InputError(`it lacks the metadata "voxmark.${key}", and each scan file needs it`);
    }
    return value;
  };
  const version = Number(text("dataset_version"));
  if (!Number.isInteger(version)) {
    throw new InputError(
      `its voxmark.dataset_version is "${text("dataset_version")}", not a whole number`,
    );
  }
  return {
    dataset: text("dataset"),
    version,
    source: text("source"),
    licence: text("licence"),
    sensor: text("sensor"),
    classes: parseClasses(text("classes")),
  };
}

function checkLayout(found: ReadonlyMap<string, string>, columns: readonly string[]): void {
  const name = found.get("voxmark.schema");
  if (name === undefined) {
    throw new InputError(
      `it has no metadata "voxmark.schema" (columns: ${columns.join(", ") || "none"}), and ` +
        `"${SCHEMA.name}" version ${SCHEMA.version} is needed; make it with "data convert"`,
    );
  }
  if (name !== SCHEMA.name) throw unknownName("voxmark.schema", name, [SCHEMA.name]);
  const version = found.get("voxmark.schema_version");
  if (version !== String(SCHEMA.version)) {
    throw new InputError(
      `its layout is "${name}" version ${version ?? "unknown"}, and version ${SCHEMA.version} ` +
        `is needed; convert the data again`,
    );
  }
  const different = COLUMN_TYPES.findIndex((type, i) => type !== columns[i]);
  if (different >= 0 || columns.length !== COLUMN_TYPES.length) {
    const at = different >= 0 ? different : COLUMN_TYPES.length;
    throw new InputError(
      `its column ${at} is (${columns[at] ?? "missing"}), and ` +
        `(${COLUMN_TYPES[at] ?? "no further column"}) is needed`,
    );
  }
}

/** Class ids and names from their JSON. */
function parseClasses(json: string): Record<number, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new InputError("its voxmark.classes is not JSON, and {id: name} is needed", { cause });
  }
  const classes: Record<number, string> = {};
  const entries = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
  for (const [id, name] of entries) {
    if (!/^\d{1,5}$/.test(id) || Number(id) > 0xffff || typeof name !== "string") {
      throw new InputError(
        `its voxmark.classes has the entry "${id}", and a class id 0 to 65535 with a name is needed`,
      );
    }
    classes[Number(id)] = name;
  }
  if (entries.length === 0) {
    throw new InputError("its voxmark.classes names no class, and {id: name} is needed");
  }
  return classes;
}
