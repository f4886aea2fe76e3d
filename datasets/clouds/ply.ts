/** PLY: the vertices of a polygon file, ASCII or binary of either byte order. */
import { InputError } from "../../std/errors.ts";
import { type Cloud, cloudOfRows } from "./cloud.ts";
import { headerCount, headerLines } from "./header_lines.ts";
import { bytesOf, GET, type NumberType, readField } from "./records.ts";
import { parseRows } from "./text_rows.ts";

const TYPES: ReadonlyMap<string, NumberType> = new Map([
  ["char", "i1"],
  ["int8", "i1"],
  ["uchar", "u1"],
  ["uint8", "u1"],
  ["short", "i2"],
  ["int16", "i2"],
  ["ushort", "u2"],
  ["uint16", "u2"],
  ["int", "i4"],
  ["int32", "i4"],
  ["uint", "u4"],
  ["uint32", "u4"],
  ["float", "f4"],
  ["float32", "f4"],
  ["double", "f8"],
  ["float64", "f8"],
]);

interface Property {
  readonly name: string;
  readonly type: NumberType;
  /** Type of the count in front, where the property is a list. */
  readonly count?: NumberType;
}

interface Element {
  readonly name: string;
  readonly count: number;
  readonly properties: Property[];
}

interface Header {
  readonly format: string;
  readonly elements: readonly Element[];
  readonly end: number;
  readonly lines: number;
}

const FORMATS = ["ascii", "binary_little_endian", "binary_big_endian"];

/**
 * The element "vertex" of a PLY file; other elements are passed over.
 *
 * @throws {InputError} when the header is malformed, there are no vertices, or the file is cut off.
 */
export function readPly(bytes: Uint8Array, place: string): Cloud {
  const header = readHeader(bytes, place);
  const index = header.elements.findIndex(({ name }) => name === "vertex");
  const vertex = header.elements[index];
  if (vertex === undefined) throw new InputError(`Cannot read ${place}: it has no element vertex`);
  const list = vertex.properties.find(({ count }) => count !== undefined);
  if (list !== undefined || vertex.properties.length === 0) {
    throw new InputError(
      `Cannot read ${place}: its vertices have ${
        list === undefined ? "no property" : `the list "${list.name}"`
      }, and numbers are needed`,
    );
  }
  const before = header.elements.slice(0, index);
  return header.format === "ascii"
    ? readText(bytes, header, vertex, before, place)
    : readBinary(bytes, header, vertex, before, place);
}

function readHeader(bytes: Uint8Array, place: string): Header {
  if (String.fromCharCode(...bytes.subarray(0, 3)) !== "ply") {
    throw new InputError(`Cannot read ${place}: it does not begin with "ply"`);
  }
  const { lines, end } = headerLines(bytes, "end_header", place);
  const fail = (i: number, needed: string) =>
    new InputError(
      `Cannot read ${place} line ${i + 1}: it is "${
        lines[i]!.join(" ").slice(0, 60)
      }", and ${needed} is needed`,
    );
  let format = "";
  const elements: Element[] = [];
  lines.forEach(([word = "", ...rest], i) => {
    if (word === "format") {
      format = rest[0] ?? "";
      if (!FORMATS.includes(format)) throw fail(i, `one of ${FORMATS.join(", ")}`);
    } else if (word === "element") {
      const count = headerCount(rest[1], `number of ${rest[0]}`, place);
      elements.push({ name: rest[0]!, count, properties: [] });
    } else if (word === "property") {
      const property = propertyOf(rest);
      const element = elements.at(-1);
      if (property === undefined || element === undefined) {
        throw fail(i, "a property of an element");
      }
      element.properties.push(property);
    }
  });
  if (format === "") throw new InputError(`Cannot read ${place}: its header has no format`);
  return { format, elements, end, lines: lines.length };
}

function propertyOf(words: readonly string[]): Property | undefined {
  const [first, ...rest] = words[0] === "list" ? words.slice(1) : ["", ...words];
  const [type, name] = [TYPES.get(rest[0] ?? ""), rest[1]?.toLowerCase()];
  if (type === undefined || name === undefined) return undefined;
  if (first === "") return { name, type };
  const count = TYPES.get(first!);
  return count === undefined || count.startsWith("f") ? undefined : { name, type, count };
}

function readText(
  bytes: Uint8Array,
  header: Header,
  vertex: Element,
  before: readonly Element[],
  place: string,
): Cloud {
  let at = header.end;
  const skipped = before.reduce((sum, { count }) => sum + count, 0);
  for (let line = 0; line < skipped; line++) {
    const next = bytes.indexOf(0x0a, at);
    if (next < 0) throw cutOff(place, bytes.length);
    at = next + 1;
  }
  const { properties, count } = vertex;
  const { values } = parseRows(bytes.subarray(at), {
    columns: properties.length,
    rows: count,
    place,
    linesBefore: header.lines + skipped,
  });
  return cloudOfRows(values, properties.length, properties.map(({ name }) => name));
}

function readBinary(
  bytes: Uint8Array,
  { format, end }: Header,
  { properties, count }: Element,
  before: readonly Element[],
  place: string,
): Cloud {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = format === "binary_little_endian";
  const start = before.reduce((at, element) => skip(view, at, element, little, place), end);
  const stride = strideOf(properties);
  if (start + count * stride > bytes.length) {
    throw new InputError(
      `Cannot read ${place}: it declares ${count} vertices of ${stride} bytes, and ` +
        `${Math.max(0, bytes.length - start)} bytes are there`,
    );
  }
  const columns = new Map();
  let offset = 0;
  for (const { name, type } of properties) {
    columns.set(name, readField(view, { type, start: start + offset, stride, little }, count));
    offset += bytesOf(type);
  }
  return { points: count, columns };
}

const strideOf = (properties: readonly Property[]) =>
  properties.reduce((sum, { type }) => sum + bytesOf(type), 0);

/** The byte behind an element, whose lists have their lengths in the file. */
function skip(
  view: DataView,
  from: number,
  { properties, count }: Element,
  little: boolean,
  place: string,
): number {
  if (properties.every((property) => property.count === undefined)) {
    return from + count * strideOf(properties);
  }
  let at = from;
  for (let i = 0; i < count; i++) {
    for (const { type, count: lengthType } of properties) {
      let length = 1;
      if (lengthType !== undefined) {
        if (at + bytesOf(lengthType) > view.byteLength) throw cutOff(place, view.byteLength);
        length = GET[lengthType](view, at, little);
        at += bytesOf(lengthType);
      }
      if (length < 0) throw new InputError(`Cannot read ${place}: a list has ${length} entries`);
      at += length * bytesOf(type);
    }
    if (at > view.byteLength) throw cutOff(place, view.byteLength);
  }
  return at;
}

const cutOff = (place: string, bytes: number) =>
  new InputError(`Cannot read ${place}: it is cut off after ${bytes} bytes, before its vertices`);
