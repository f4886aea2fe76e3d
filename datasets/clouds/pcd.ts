/** PCD 0.7 of the Point Cloud Library: ASCII, binary and LZF-compressed. */
import { InputError } from "../../std/errors.ts";
import { type Cloud, type CloudColumn, cloudOfRows } from "./cloud.ts";
import { headerCount, headerLines } from "./header_lines.ts";
import { unpackLzf } from "./lzf.ts";
import { ARRAYS, bytesOf, type NumberType, readField } from "./records.ts";
import { parseRows } from "./text_rows.ts";

interface Field {
  readonly name: string;
  readonly type: NumberType;
  /** Values a point; only fields of one become columns. */
  readonly count: number;
}

interface Header {
  readonly fields: readonly Field[];
  readonly points: number;
  readonly data: string;
  readonly end: number;
  readonly lines: number;
}

const DATA = ["ascii", "binary", "binary_compressed"];
/** Histogram features have hundreds of values a point, not more. */
const MAX_COUNT = 65536;

/**
 * Reads a PCD file; colours packed into one field are taken apart.
 *
 * @throws {InputError} when the header is malformed or the data do not fit it.
 */
export function readPcd(bytes: Uint8Array, place: string): Cloud {
  const header = readHeader(bytes, place);
  const body = bytes.subarray(header.end);
  if (header.data === "ascii") return withColours(readText(body, header, place));
  const size = header.points * strideOf(header.fields);
  const isPacked = header.data === "binary_compressed";
  const data = isPacked ? unpackBody(body, size, place) : body;
  if (data.length < size) {
    throw new InputError(
      `Cannot read ${place}: it declares ${header.points} points of ${strideOf(header.fields)} ` +
        `bytes, and ${data.length} bytes are there`,
    );
  }
  return withColours(readColumns(data, header, isPacked));
}

function readHeader(bytes: Uint8Array, place: string): Header {
  const { lines, end } = headerLines(bytes, "DATA", place);
  const entries = new Map(lines.map(([word = "", ...rest]) => [word, rest]));
  const entry = (name: string): string[] => {
    const values = entries.get(name);
    if (values === undefined) throw new InputError(`Cannot read ${place}: it has no ${name} line`);
    return values;
  };
  const names = entry("FIELDS");
  const [sizes, types] = [entry("SIZE"), entry("TYPE")];
  const counts = entries.get("COUNT") ?? names.map(() => "1");
  const fields = names.map((name, i): Field => {
    const type = `${types[i]?.toLowerCase()}${sizes[i]}` as NumberType;
    const count = headerCount(counts[i], `COUNT of ${name}`, place);
    if (!Object.hasOwn(ARRAYS, type) || count < 1 || count > MAX_COUNT) {
      throw new InputError(
        `Cannot read ${place}: its field "${name}" has type ${types[i]}, size ${sizes[i]} and ` +
          `count ${count}, and F, I or U of 1 to 8 bytes are needed`,
      );
    }
    return { name: name.toLowerCase(), type, count };
  });
  const points = headerCount(entry("POINTS")[0], "POINTS", place);
  const [width, height] = ["WIDTH", "HEIGHT"].map((key) => headerCount(entry(key)[0], key, place));
  if (width! * height! !== points || fields.length === 0) {
    throw new InputError(
      `Cannot read ${place}: it has ${fields.length} fields and ${points} points, and its width ` +
        `and height are ${width} x ${height}`,
    );
  }
  const [data = ""] = entry("DATA");
  if (!DATA.includes(data)) {
    throw new InputError(`Cannot read ${place}: its DATA is "${data}", not ${DATA.join(", ")}`);
  }
  return { fields, points, data, end, lines: lines.length };
}

const strideOf = (fields: readonly Field[]) =>
  fields.reduce((sum, { type, count }) => sum + count * bytesOf(type), 0);

function readText(body: Uint8Array, { fields, points, lines }: Header, place: string): Cloud {
  const columns = fields.reduce((sum, { count }) => sum + count, 0);
  const { values } = parseRows(body, { columns, rows: points, place, linesBefore: lines });
  const names = fields.flatMap(({ name, count }) =>
    count === 1 ? [name] : new Array(count).fill("")
  );
  const cloud = cloudOfRows(values, columns, names);
  const typed = Array.from(cloud.columns).filter(([name]) => name !== "").map((
    [name, column],
  ): [string, CloudColumn] => {
    const { type } = fields.find((field) => field.name === name)!;
    return [name, ARRAYS[type].from(column)];
  });
  return { points, columns: new Map(typed) };
}

function unpackBody(body: Uint8Array, size: number, place: string): Uint8Array {
  if (body.length < 8) throw new InputError(`Cannot read ${place}: it ends before its data`);
  const view = new DataView(body.buffer, body.byteOffset, 8);
  const [packed, unpacked] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (packed > body.length - 8 || unpacked !== size) {
    throw new InputError(
      `Cannot read ${place}: it has ${body.length - 8} bytes of compressed data and declares ` +
        `${packed}, which unpack to ${unpacked}, and its points take ${size}`,
    );
  }
  return unpackLzf(body.subarray(8, 8 + packed), size, place);
}

/** Binary data hold a record a point; compressed ones hold one field after the other. */
function readColumns(data: Uint8Array, { fields, points }: Header, byField: boolean): Cloud {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const stride = strideOf(fields);
  const columns = new Map<string, CloudColumn>();
  let start = 0;
  for (const { name, type, count } of fields) {
    const bytes = count * bytesOf(type);
    // A colour packed into a float may be a NaN, whose bits a float array need not keep.
    const isColour = type === "f4" && COLOURS.includes(name);
    const stored = isColour ? "u4" : type;
    const place = { type: stored, start, stride: byField ? bytes : stride, little: true } as const;
    if (count === 1) columns.set(name, readField(view, place, points));
    start += byField ? bytes * points : bytes;
  }
  return { points, columns };
}

const COLOURS = ["rgb", "rgba"];

/** Adds red, green, blue where a field "rgb" or "rgba" holds them in the bytes of one number. */
function withColours(cloud: Cloud): Cloud {
  const packed = COLOURS.map((name) => cloud.columns.get(name)).find((c) => c !== undefined);
  if (packed === undefined || packed.BYTES_PER_ELEMENT !== 4) return cloud;
  const words = new Uint32Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.length);
  const channel = (shift: number) => Uint8Array.from(words, (word) => word >> shift);
  const columns = new Map(cloud.columns);
  ["red", "green", "blue"].forEach((name, k) => columns.set(name, channel(16 - 8 * k)));
  return { ...cloud, columns };
}
