import { type JsonObject, JsonReader } from "./json_reader.ts";

/** The longest record that is believed; those of data sets have a few hundred bytes. */
const MOST_CHARACTERS = 1 << 20;

/**
 * The objects of a JSON file that is one array of objects, one at a time: tables of gigabytes do
 * not fit into memory, which holds a chunk and a record here.
 *
 * @throws {InputError} The file cannot be read or is no such array; the text says where.
 */
export function* jsonRecords(path: string): Generator<JsonObject> {
  using json = JsonReader.open(path);
  json.enterArray();
  while (json.element()) yield json.object((object) => object) ?? largeRecord(json);
  json.end();
}

/** A record over the border of a window, or one that is none. */
function largeRecord(json: JsonReader): JsonObject {
  if (json.kind() !== "object") throw json.needs("an object");
  return json.value(MOST_CHARACTERS) as JsonObject;
}
