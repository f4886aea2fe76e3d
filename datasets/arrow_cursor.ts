import type { BatchHeader } from "./arrow_metadata.ts";
import type { Cell, Column, ListColumn, Values } from "./schema.ts";

const ARRAYS = { Float32: Float32Array, Float64: Float64Array, Uint16: Uint16Array } as const;

/** Walks the nodes and buffers of a batch of one row in schema order, and checks each against the body. */
export class Cursor {
  #node = 0;
  #buffer = 0;

  constructor(readonly header: BatchHeader, readonly body: Uint8Array) {}

  /** The next column's cell, or undefined where it is null; a type by {@linkcode Column.kind}. */
  cell(column: Column): Cell | undefined {
    const isNull = this.#outer(column);
    const cell = this.#value(column);
    return isNull ? undefined : cell;
  }

  #value(column: Column): Cell {
    switch (column.kind) {
      case "text":
        return this.#text(column.name);
      case "number":
        return this.#number(column.name);
      case "texts":
        return this.#blobs(column.name).map((bytes) => new TextDecoder().decode(bytes));
      case "blobs":
        return this.#blobs(column.name);
      case "list":
        return this.#list(column);
    }
  }

  /** Whether the cell is null, by the outermost node. */
  #outer({ name, nullable }: Column): boolean {
    const node = this.#nextNode(name);
    this.#skipValidity(name);
    const isNull = node.nulls > 0;
    if (node.length !== 1 || node.nulls > 1 || (isNull && !nullable)) {
      throw new RangeError(`column "${name}" has ${node.length} cells, ${node.nulls} of them null`);
    }
    return isNull;
  }

  #text(name: string): string {
    const { start, end } = this.#offsets(name);
    const bytes = this.#nextBuffer(name);
    if (end > bytes.length) {
      throw new RangeError(`column "${name}" ends at byte ${end} of ${bytes.length}`);
    }
    return new TextDecoder().decode(bytes.subarray(start, end));
  }

  #number(name: string): number {
    const bytes = this.#nextBuffer(name);
    if (bytes.length < 8) {
      throw new RangeError(`column "${name}" has ${bytes.length} bytes, and 8 are needed`);
    }
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  #list(column: ListColumn): Values {
    const { name, width } = column;
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
    // The end is given, not left open: a buffer is padded, and a view must not show the padding.
    const first = bytes.byteOffset + start * width * Type.BYTES_PER_ELEMENT;
    return new Type(bytes.buffer as ArrayBuffer, first, (end - start) * width);
  }

  /** The byte strings of a list of texts or blobs. */
  #blobs(name: string): Uint8Array[] {
    const { start, end } = this.#offsets(name);
    const { length } = this.#inner(name);
    const offsets = this.#nextBuffer(name);
    const bytes = this.#nextBuffer(name);
    if (end > length || (end > 0 && 4 * (end + 1) > offsets.length)) {
      throw new RangeError(`column "${name}" ends at entry ${end}, and the file holds ${length}`);
    }
    const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.length);
    return Array.from({ length: end - start }, (_, i) => {
      const from = view.getInt32(4 * (start + i), true);
      const to = view.getInt32(4 * (start + i + 1), true);
      if (from < 0 || to < from || to > bytes.length) {
        throw new RangeError(
          `column "${name}" has an entry from byte ${from} to ${to} of ${bytes.length}`,
        );
      }
      return bytes.subarray(from, to);
    });
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
