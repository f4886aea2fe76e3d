/**
 * Pickles of pandas tables in the layout that PandaSet's files have (protocol 3, BlockManager state
 * "0.14.1"): a block of doubles, one of 64-bit whole numbers, one of booleans and one of texts.
 */
import { joined } from "../../std/joined.ts";

export type PickledColumn =
  | readonly string[]
  | Float64Array
  | BigInt64Array
  | readonly boolean[];

/** The bytes of a table; columns are of one length. */
export function pickleFrame(columns: Readonly<Record<string, PickledColumn>>): Uint8Array {
  const out = new Pickler();
  const names = Object.keys(columns);
  const rows = Object.values(columns)[0]?.length ?? 0;
  const blocks = Object.values(Object.groupBy(names, (name) => kindOf(columns[name]!)));
  out.raw(0x80, 3);
  out.object("pandas.core.frame\nDataFrame\n", () => {
    out.map([[
      "_data",
      () =>
        out.object("pandas.core.internals.managers\nBlockManager\n", () =>
          out.tuple([
            () => out.list([]),
            () => out.list([]),
            () => out.list([]),
            () =>
              out.map([["0.14.1", () =>
                out.map([
                  ["axes", () => out.list([() => out.index(names), () => out.rangeIndex(rows)])],
                  ["blocks", () =>
                    out.list(blocks.map((block) => () =>
                      out.map([
                        ["values", () => out.block(block!.map((name) => columns[name]!), rows)],
                        ["mgr_locs", () => out.places(block!.map((name) => names.indexOf(name)))],
                      ])
                    ))],
                ])]]),
          ])),
    ]]);
  });
  out.raw(0x2e);
  return out.finish();
}

const kindOf = (column: PickledColumn): "f8" | "i8" | "b1" | "O8" =>
  column instanceof Float64Array
    ? "f8"
    : column instanceof BigInt64Array
    ? "i8"
    : typeof column[0] === "boolean"
    ? "b1"
    : "O8";

type Write = () => void;

class Pickler {
  readonly #parts: Uint8Array[] = [];

  raw(...bytes: readonly number[]): void {
    this.#parts.push(Uint8Array.from(bytes));
  }

  finish(): Uint8Array {
    return joined(Uint8Array, this.#parts);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.raw(0x58, ...uint32(bytes.length));
    this.#parts.push(bytes);
  }

  int(value: number): void {
    this.raw(0x4a, ...uint32(value));
  }

  name(module: string): void {
    this.raw(0x63);
    this.#parts.push(new TextEncoder().encode(module));
  }

  tuple(entries: readonly Write[]): void {
    this.raw(0x28);
    for (const entry of entries) entry();
    this.raw(0x74);
  }

  list(entries: readonly Write[]): void {
    this.raw(0x5d, 0x28);
    for (const entry of entries) entry();
    this.raw(0x65);
  }

  map(entries: readonly (readonly [string, Write])[]): void {
    this.raw(0x7d, 0x28);
    for (const [key, value] of entries) {
      this.text(key);
      value();
    }
    this.raw(0x75);
  }

  /** An object made without arguments, then given its state. */
  object(name: string, state: Write): void {
    this.name(name);
    this.raw(0x29, 0x81);
    state();
    this.raw(0x62);
  }

  call(name: string, args: readonly Write[]): void {
    this.name(name);
    this.tuple(args);
    this.raw(0x52);
  }

  index(names: readonly string[]): void {
    this.call("pandas.core.indexes.base\n_new_Index\n", [
      () => this.name("pandas.core.indexes.base\nIndex\n"),
      () => this.map([["data", () => this.#array([names.length], "O8", () => this.#texts(names))]]),
    ]);
  }

  rangeIndex(rows: number): void {
    this.call("pandas.core.indexes.base\n_new_Index\n", [
      () => this.name("pandas.core.indexes.range\nRangeIndex\n"),
      () =>
        this.map([
          ["start", () => this.int(0)],
          ["stop", () => this.int(rows)],
          ["step", () => this.int(1)],
        ]),
    ]);
  }

  places(places: readonly number[]): void {
    const values = BigInt64Array.from(places, BigInt);
    this.#array([places.length], "i8", () => this.#bytes(values));
  }

  block(columns: readonly PickledColumn[], rows: number): void {
    const kind = kindOf(columns[0]!);
    const contents = () => {
      if (kind === "O8") return this.#texts(columns.flatMap((column) => column as string[]));
      const size = kind === "b1" ? 1 : 8;
      const bytes = new Uint8Array(size * rows * columns.length);
      columns.forEach((column, i) => {
        const values = column instanceof Float64Array || column instanceof BigInt64Array
          ? new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
          : Uint8Array.from(column as readonly boolean[], Number);
        bytes.set(values, size * rows * i);
      });
      this.#bytes(bytes);
    };
    this.#array([columns.length, rows], kind, contents);
  }

  #texts(texts: readonly string[]): void {
    this.list(texts.map((text) => () => this.text(text)));
  }

  #bytes(values: ArrayBufferView): void {
    this.raw(0x42, ...uint32(values.byteLength));
    this.#parts.push(
      new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
    );
  }

  #array(shape: readonly number[], type: string, contents: Write): void {
    this.call("numpy.core.multiarray\n_reconstruct\n", [
      () => this.name("numpy\nndarray\n"),
      () => this.tuple([() => this.int(0)]),
      () => this.raw(0x43, 1, 0x62),
    ]);
    this.tuple([
      () => this.int(1),
      () => this.tuple(shape.map((side) => () => this.int(side))),
      () => this.#type(type),
      () => this.raw(0x89),
      contents,
    ]);
    this.raw(0x62);
  }

  #type(type: string): void {
    this.call("numpy\ndtype\n", [() => this.text(type), () => this.int(0), () => this.int(1)]);
    this.tuple([
      () => this.int(3),
      () => this.text(type === "f8" || type === "i8" ? "<" : "|"),
      ...[0, 1, 2].map(() => () => this.raw(0x4e)),
      () => this.int(-1),
      () => this.int(-1),
      () => this.int(type === "O8" ? 63 : 0),
    ]);
    this.raw(0x62);
  }
}

const uint32 = (
  value: number,
) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
