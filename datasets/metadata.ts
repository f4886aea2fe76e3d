/** What a scan file says of its data set, in the metadata of its Arrow schema. */
import { InputError, unknownName } from "../std/errors.ts";
import { COLUMN_TYPES, SCHEMA } from "./schema.ts";

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
  /** Names of the values of a point in `features`, where scans have them. */
  readonly features?: readonly string[];
  /** Names of the values of a box in `box_features`, where boxes have them. */
  readonly boxFeatures?: readonly string[];
  /** Names of the entries of `texts`, where samples have them. */
  readonly texts?: readonly string[];
}

/** Metadata entry of each list of names. */
const NAMES = { features: "features", boxFeatures: "box_features", texts: "texts" } as const;

/** The schema metadata of a scan file: what a reader needs to refuse a layout it does not know. */
export function encodeMetadata(metadata: ScanMetadata): Map<string, string> {
  const entries = new Map([
    ["voxmark.schema", SCHEMA.name],
    ["voxmark.schema_version", String(SCHEMA.version)],
    ["voxmark.dataset", metadata.dataset],
    ["voxmark.dataset_version", String(metadata.version)],
    ["voxmark.source", metadata.source],
    ["voxmark.licence", metadata.licence],
    ["voxmark.sensor", metadata.sensor],
    ["voxmark.classes", JSON.stringify(metadata.classes)],
  ]);
  for (const [field, key] of Object.entries(NAMES)) {
    const names = metadata[field as keyof typeof NAMES];
    if (names !== undefined) entries.set(`voxmark.${key}`, JSON.stringify(names));
  }
  return entries;
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
  const names: { -readonly [F in keyof typeof NAMES]?: string[] } = {};
  for (const [field, key] of Object.entries(NAMES)) {
    const json = found.get(`voxmark.${key}`);
    if (json !== undefined) names[field as keyof typeof NAMES] = parseNames(json, key);
  }
  return {
    dataset: text("dataset"),
    version,
    source: text("source"),
    licence: text("licence"),
    sensor: text("sensor"),
    classes: parseClasses(text("classes")),
    ...names,
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
  const parsed = parseJson(json, "classes", "{id: name}");
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

function parseNames(json: string, key: string): string[] {
  const parsed = parseJson(json, key, "[name]");
  if (!Array.isArray(parsed) || !parsed.every((name) => typeof name === "string")) {
    throw new InputError(`its voxmark.${key} is no list of names, and [name] is needed`);
  }
  return parsed;
}

function parseJson(json: string, key: string, needed: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new InputError(`its voxmark.${key} is not JSON, and ${needed} is needed`, { cause });
  }
}
