/**
 * The metadata of an Arrow IPC file: its footer and the headers of its record batches. Slots are
 * those of format/File.fbs, Message.fbs and Schema.fbs of apache/arrow. Read here and not by
 * apache-arrow, whose reader trusts every length it finds: one flipped bit can hang it.
 */
import { FlatTable, size64 } from "./flatbuffer.ts";

/** Where a record batch lies in the file. */
export interface Block {
  readonly offset: number;
  /** Bytes of the header, with its length prefix and padding. */
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** What the end of the file says of the rest. */
export interface Footer {
  /** The columns as "name: type". */
  readonly columns: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly batches: readonly Block[];
}

/** What stands before the data of a record batch. */
export interface BatchHeader {
  readonly rows: number;
  readonly bodyBytes: number;
  /** Length and null count of each column and of each level of its lists, outermost first. */
  readonly nodes: readonly { readonly length: number; readonly nulls: number }[];
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
}

/**
 * Decodes the footer of a file.
 *
 * @throws {RangeError} when the bytes are no footer, or it asks for what is not read here.
 */
export function readFooter(bytes: Uint8Array): Footer {
  const footer = FlatTable.root(bytes);
  const schema = footer.table(1);
  if (schema.int16(0) !== 0) {
    throw new RangeError("it is big-endian, and little-endian is needed");
  }
  const fields = schema.tables(1);
  const entries = schema.tables(2);
  if (fields.length > 1000 || entries.length > 1000) {
    throw new RangeError(`it has ${fields.length} columns and ${entries.length} metadata entries`);
  }
  if (footer.structs(2, 24).length > 0) {
    throw new RangeError("it has dictionaries, and plain columns are needed");
  }
  return {
    columns: fields.map((field) => `${field.text(0)}: ${typeName(field)}`),
    metadata: new Map(entries.map((entry) => [entry.text(0), entry.text(1)])),
    batches: footer.structs(3, 24).map((block) => ({
      offset: size64(block, 0),
      headerBytes: block.getInt32(8, true),
      bodyBytes: size64(block, 16),
    })),
  };
}

/**
 * Decodes the header of a record batch, with its 8-byte prefix.
 *
 * @throws {RangeError} when the bytes are none, or the batch is compressed.
 */
export function readBatchHeader(bytes: Uint8Array): BatchHeader {
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = prefix.getInt32(4, true);
  if (prefix.getInt32(0, true) !== -1 || length < 0 || length > bytes.length - 8) {
    throw new RangeError(`its record batch header does not start with a length in the file`);
  }
  const message = FlatTable.root(bytes.subarray(8, 8 + length));
  if (message.uint8(1) !== RECORD_BATCH) {
    throw new RangeError(`message type ${message.uint8(1)} stands where a record batch is needed`);
  }
  const batch = message.table(2);
  if (batch.has(3)) {
    throw new RangeError("its record batches are compressed, and uncompressed ones are needed");
  }
  return {
    rows: batch.size64(0),
    bodyBytes: message.size64(3),
    nodes: batch.structs(1, 16).map((node) => ({
      length: size64(node, 0),
      nulls: size64(node, 8),
    })),
    buffers: batch.structs(2, 16).map((buffer) => ({
      offset: size64(buffer, 0),
      length: size64(buffer, 8),
    })),
  };
}

/** `MessageHeader.RecordBatch` of Message.fbs. */
const RECORD_BATCH = 3;

/** Numbers of the union `Type` of Schema.fbs, as far as they are told apart here. */
const TYPE = { int: 2, float: 3, binary: 4, utf8: 5, list: 12, fixedSizeList: 16 } as const;

/** The type of a column, written as apache-arrow prints it; lists down to four levels. */
function typeName(field: FlatTable, depth = 0): string {
  const kind = field.uint8(2);
  if (field.has(4)) return "Dictionary";
  if (kind === TYPE.utf8) return "Utf8";
  if (kind === TYPE.binary) return "Binary";
  if (kind === TYPE.int) {
    const type = field.table(3);
    return `${type.uint8(1) ? "Int" : "Uint"}${type.int32(0)}`;
  }
  if (kind === TYPE.float) return `Float${[16, 32, 64][field.table(3).int16(0)] ?? "?"}`;
  if (kind !== TYPE.list && kind !== TYPE.fixedSizeList) return `type ${kind}`;
  const child = field.tables(5)[0];
  const inner = child === undefined || depth >= 4 ? "?" : typeName(child, depth + 1);
  return kind === TYPE.list
    ? `List<${inner}>`
    : `FixedSizeList[${field.table(3).int32(0)}]<${inner}>`;
}
