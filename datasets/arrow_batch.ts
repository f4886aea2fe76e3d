import type { BatchHeader } from "./arrow_metadata.ts";
import type { Boxes, Scan } from "./scan.ts";
import { COLUMNS, type ListColumn, type Values } from "./schema.ts";

type ColumnName = (typeof COLUMNS)[number]["name"];

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
  const id = cursor.text("id");
  const found = new Map<ColumnName, Values>();
  for (const column of COLUMNS) {
    const values = cursor.list(column);
    if (values !== undefined) found.set(column.name, values);
  }
  const get = <T extends Values>(name: ColumnName, type: abstract new () => T): T | undefined => {
    const values = found.get(name);
    return values instanceof type ? values : undefined;
  };
  const semantic = get("semantic", Uint16Array);
  const instance = get("instance", Uint16Array);
  const pose = get("pose", Float64Array);
  const boxes = decodeBoxes(
    get("boxes", Float32Array),
    get("box_semantic", Uint16Array),
    get("box_instance", Uint16Array),
  );
  return {
    id,
    points: get("points", Float32Array)!, // not nullable, so list() gave it or threw
    ...(semantic && { semantic }),
    ...(instance && { instance }),
    ...(pose && { pose }),
    ...(boxes && { boxes }),
  };
}

function decodeBoxes(
  geometry: Float32Array | undefined,
  semantic: Uint16Array | undefined,
  instance: Uint16Array | undefined,
): Boxes | undefined {
  if (geometry && semantic && instance) return { geometry, semantic, instance };
  if (geometry || semantic || instance) {
    throw new RangeError(
      'one of "boxes", "box_semantic" and "box_instance" is null, and all or none is needed',
    );
  }
  return undefined;
}

const ARRAYS = { Float32: Float32Array, Float64: Float64Array, Uint16: Uint16Array } as const;

/** Walks the nodes and buffers of a batch in schema order, and checks each against the body. */
class Cursor {
  #node = 0;
  #buffer = 0;

  constructor(readonly header: BatchHeader, readonly body: Uint8Array) {}

  text(name: string): string {
    const node = this.#nextNode(name);
    this.#skipValidity(name);
    if (node.length !== 1 || node.nulls !== 0) {
      throw new RangeError(`column "${name}" is null, and each scan needs it`);
    }
    const { start, end } = this.#offsets(name);
    const bytes = this.#nextBuffer(name);
    if (end > bytes.length) {
      throw new RangeError(`column "${name}" ends at byte ${end} of ${bytes.length}`);
    }
    return new TextDecoder().decode(bytes.subarray(start, end));
  }

  /** The values of a list column, or undefined where it is null. */
  list(column: ListColumn): Values | undefined {
    const { name, width } = column;
    const node = this.#nextNode(name);
    this.#skipValidity(name);
    const isNull = node.nulls > 0;
    if (node.length !== 1 || node.nulls > 1 || (isNull && !column.nullable)) {
      throw new RangeError(`column "${name}" has ${node.length} cells, ${node.nulls} of them null`);
    }
    const { start, end } = this.#offsets(name);
    const rows = width === 1 ? undefined : this.#inner(name);
    const { length } = this.#inner(name);
    const bytes = this.#nextBuffer(name);
    const Type = ARRAYS[column.element];
    const room = Math.min(length, bytes.length / Type.BYTES_PER_ELEMENT);
    if (end * width > room || end > (rows?.length ?? end)) {
      throw new RangeError(
        `column "${name}" ends at value ${end * width}, and the file holds ${Math.floor(room)}`,
      );
    }
    if (bytes.byteOffset % Type.BYTES_PER_ELEMENT !== 0) {
      throw new RangeError(`column "${name}" does not start at a multiple of 8 bytes`);
    }
    if (isNull) return undefined;
    // The end is given, not left open: a buffer is padded, and a view must not show the padding.
    const first = bytes.byteOffset + start * width * Type.BYTES_PER_ELEMENT;
    return new Type(bytes.buffer as ArrayBuffer, first, (end - start) * width);
  }

  /** The node of a level below the outermost, which must hold no nulls. */
  #inner(name: string): { length: number } {
    const node = this.#nextNode(name);
    this.#skipValidity(name);
    if (node.nulls > 0) {
      throw new RangeError(`column "${name}" has ${node.nulls} null values, and none is allowed`);
    }
    return node;
  }

  #offsets(name: string): { start: number; end: number } {
    const bytes = this.#nextBuffer(name);
    if (bytes.length < 8) {
      throw new RangeError(`column "${name}" has ${bytes.length} bytes of offsets, not 8`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const start = view.getInt32(0, true);
    const end = view.getInt32(4, true);
    if (start < 0 || end < start) {
      throw new RangeError(`column "${name}" goes from offset ${start} to ${end}`);
    }
    return { start, end };
  }

  #nextNode(name: string): { length: number; nulls: number } {
    const node = this.header.nodes[this.#node++];
    if (node === undefined) {
      throw new RangeError(`column "${name}" is missing in a record batch`);
    }
    return node;
  }

  /** Validity bitmaps are not needed: with one row, the null count says the same. */
  #skipValidity(name: string): void {
    this.#nextBuffer(name);
  }

  #nextBuffer(name: string): Uint8Array {
    const buffer = this.header.buffers[this.#buffer++];
    if (buffer === undefined || buffer.offset + buffer.length > this.body.length) {
      throw new RangeError(`column "${name}" reaches past the end of its record batch`);
    }
    return this.body.subarray(buffer.offset, buffer.offset + buffer.length);
  }
}
