/** Columns and cells of a scan file, as apache-arrow's types and data. */
import {
  Binary,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  List,
  makeData,
  Uint16,
  Utf8,
} from "apache-arrow";
import type { Cell, Column, ListColumn, Values } from "./schema.ts";

const ELEMENTS = { Float32: new Float32(), Float64: new Float64(), Uint16: new Uint16() } as const;

/** The Arrow type of a column. */
export function columnType(column: Column): DataType {
  switch (column.kind) {
    case "text":
      return new Utf8();
    case "number":
      return new Float64();
    case "texts":
      return new List(new Field("item", new Utf8(), false));
    case "blobs":
      return new List(new Field("item", new Binary(), false));
    case "list":
      return new List(new Field("item", rowType(column), false));
  }
}

function rowType({ element, width }: ListColumn): DataType {
  const type = ELEMENTS[element];
  return width === 1 ? type : new FixedSizeList(width, new Field("item", type, false));
}

/** A column of one row; it is null without a `cell`, which must be of the column's kind. */
export function cellData(column: Column, cell: Cell | undefined): Data {
  const nulls = cell === undefined
    ? { nullCount: 1, nullBitmap: Uint8Array.of(0) }
    : { nullCount: 0 };
  switch (column.kind) {
    case "text":
      return makeData({ type: new Utf8(), length: 1, ...nulls, ...joined([encode(cell)]) });
    case "number":
      return makeData({
        type: new Float64(),
        length: 1,
        ...nulls,
        data: Float64Array.of(typeof cell === "number" ? cell : 0),
      });
    case "texts":
      return listOf(column, nulls, blobData(new Utf8(), strings(cell).map(encode)));
    case "blobs":
      return listOf(column, nulls, blobData(new Binary(), blobs(cell)));
    case "list":
      return listOf(column, nulls, rowData(column, cell as Values | undefined));
  }
}

type Nulls = { nullCount: number; nullBitmap?: Uint8Array };

function listOf(column: Column, nulls: Nulls, child: Data): Data {
  return makeData({
    type: columnType(column) as List,
    length: 1,
    ...nulls,
    valueOffsets: Int32Array.of(0, child.length),
    child,
  });
}

function rowData(column: ListColumn, values: Values | undefined): Data {
  const flat = flatData(column.element, values);
  const type = rowType(column);
  return type instanceof FixedSizeList
    ? makeData({ type, length: flat.length / column.width, nullCount: 0, child: flat })
    : flat;
}

function flatData(element: ListColumn["element"], values: Values | undefined): Data {
  if (values instanceof Float32Array) return makeData({ type: new Float32(), data: values });
  if (values instanceof Float64Array) return makeData({ type: new Float64(), data: values });
  if (values instanceof Uint16Array) return makeData({ type: new Uint16(), data: values });
  return makeData({ type: ELEMENTS[element], length: 0, nullCount: 0 });
}

function blobData(type: Utf8 | Binary, parts: readonly Uint8Array[]): Data {
  const body = { length: parts.length, nullCount: 0, ...joined(parts) };
  return type instanceof Utf8 ? makeData({ type, ...body }) : makeData({ type, ...body });
}

/** Byte strings one after the other, and where each ends. */
function joined(parts: readonly Uint8Array[]): { data: Uint8Array; valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => valueOffsets[i + 1] = valueOffsets[i]! + part.length);
  const data = new Uint8Array(valueOffsets[parts.length]!);
  parts.forEach((part, i) => data.set(part, valueOffsets[i]));
  return { data, valueOffsets };
}

const encode = (cell: Cell | undefined): Uint8Array =>
  new TextEncoder().encode(typeof cell === "string" ? cell : "");

const strings = (cell: Cell | undefined): readonly string[] =>
  Array.isArray(cell) ? cell as readonly string[] : [];

const blobs = (cell: Cell | undefined): readonly Uint8Array[] =>
  Array.isArray(cell) ? cell as readonly Uint8Array[] : [];
