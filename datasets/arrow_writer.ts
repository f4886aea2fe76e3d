import {
  AsyncByteQueue,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Uint16,
  Utf8,
} from "apache-arrow";
import { writeAtomic } from "../std/files.ts";
import type { Scan } from "./scan.ts";
import { shapeProblems } from "./scan_shape.ts";
import {
  COLUMNS,
  encodeMetadata,
  type ListColumn,
  type ScanMetadata,
  type Values,
} from "./schema.ts";

/**
 * Writes scans to an Arrow file, one row and record batch each, and returns how many. Each scan is
 * on disk before the next is asked for. The file appears when it is complete, or not at all.
 *
 * @throws {RangeError} when there are no scans, or the arrays of a scan do not fit each other.
 */
export async function writeScans(
  path: string,
  metadata: ScanMetadata,
  scans: Iterable<Scan> | AsyncIterable<Scan>,
): Promise<number> {
  const schema = scanSchema(metadata);
  let count = 0;
  await writeAtomic(path, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    const writer = new RecordBatchFileWriter();
    const chunks = new Chunks();
    writer.reset(chunks);
    for await (const scan of scans) {
      writer.write(scanBatch(schema, scan));
      await chunks.drainTo(file);
      count++;
    }
    if (count === 0) {
      throw new RangeError(`Cannot write "${path}": there are no scans, and one is needed`);
    }
    writer.finish();
    await chunks.drainTo(file);
  });
  return count;
}

/**
 * The bytes of one scan on their way to the file, where the library's own queue would gather the
 * whole file. Waiting for the disk also lets Ctrl-C in between two scans.
 */
class Chunks extends AsyncByteQueue {
  readonly #chunks: Uint8Array[] = [];

  override write(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  async drainTo(file: Deno.FsFile): Promise<void> {
    for (const bytes of this.#chunks.splice(0)) {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    }
  }
}

function scanSchema(metadata: ScanMetadata): Schema {
  const lists = COLUMNS.map((column) => new Field(column.name, listType(column), column.nullable));
  return new Schema([new Field("id", new Utf8(), false), ...lists], encodeMetadata(metadata));
}

const ELEMENTS = { Float32: new Float32(), Float64: new Float64(), Uint16: new Uint16() } as const;

function listType({ element, width }: ListColumn): List {
  return new List(new Field("item", rowType(element, width), false));
}

function rowType(element: ListColumn["element"], width: number): DataType {
  const type = ELEMENTS[element];
  return width === 1 ? type : new FixedSizeList(width, new Field("item", type, false));
}

function scanBatch(schema: Schema, scan: Scan): RecordBatch {
  const [problem] = shapeProblems(scan);
  if (problem !== undefined) throw new RangeError(`Cannot write scan "${scan.id}": ${problem}`);
  const children = [
    textCell(scan.id),
    ...COLUMNS.map((column) => listCell(column, column.of(scan))),
  ];
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: 1, nullCount: 0, children }));
}

/** A text column of one row. */
function textCell(text: string): Data {
  const data = new TextEncoder().encode(text);
  const valueOffsets = Int32Array.of(0, data.length);
  return makeData({ type: new Utf8(), length: 1, nullCount: 0, valueOffsets, data });
}

/** A list column of one row, which is null without values. */
function listCell(column: ListColumn, values: Values | undefined): Data {
  const { element, width } = column;
  const length = values?.length ?? 0;
  const flat = flatData(element, values);
  const type = rowType(element, width);
  const rows = type instanceof FixedSizeList
    ? makeData({ type, length: length / width, nullCount: 0, child: flat })
    : flat;
  return makeData({
    type: listType(column),
    length: 1,
    nullCount: values === undefined ? 1 : 0,
    ...(values === undefined && { nullBitmap: Uint8Array.of(0) }),
    valueOffsets: Int32Array.of(0, length / width),
    child: rows,
  });
}

function flatData(element: ListColumn["element"], values: Values | undefined): Data {
  if (values instanceof Float32Array) return makeData({ type: new Float32(), data: values });
  if (values instanceof Float64Array) return makeData({ type: new Float64(), data: values });
  if (values instanceof Uint16Array) return makeData({ type: new Uint16(), data: values });
  return makeData({ type: ELEMENTS[element], length: 0, nullCount: 0 });
}
