/** Checkpoints written by hand, as PyTorch writes them: what the tests of this folder read. */
import zlib from "node:zlib";

const UTF8 = new TextEncoder();

/** Bytes after each other; numbers are single bytes, texts are UTF-8. */
export function joined(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) =>
    typeof part === "number"
      ? Uint8Array.of(part)
      : typeof part === "string"
      ? UTF8.encode(part)
      : part
  );
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export function u64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

const text = (value: string) => joined("X", u32(UTF8.encode(value).length), value);
const int = (value: number) => joined("J", u32(value));
const tuple = (...items: Uint8Array[]) => joined("(", ...items, "t");
const global = (module: string, name: string) => `c${module}\n${name}\n`;

/** A tensor to be pickled. */
export interface Fixture {
  readonly name: string;
  readonly storage: string;
  /** Numbers in the storage. */
  readonly numel: number;
  readonly data: Uint8Array;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
}

/** A contiguous f32 tensor. */
export function floats(name: string, shape: readonly number[], values: Float32Array): Fixture {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((all, n) => all * n, 1));
  const data = new Uint8Array(values.slice().buffer);
  return { name, storage: "FloatStorage", numel: values.length, data, shape, strides };
}

function tensor({ storage, numel, shape, strides, offset = 0 }: Fixture, key: string) {
  const id = tuple(
    text("storage"),
    joined(global("torch", storage)),
    text(key),
    text("cpu"),
    int(numel),
  );
  const args = tuple(
    joined(id, "Q"),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    Uint8Array.of(0x89),
    joined(global("collections", "OrderedDict"), ")R"),
  );
  return joined(global("torch._utils", "_rebuild_tensor_v2"), args, "R");
}

/** The pickle of {"model": {name: tensor}, "epoch": 3}. */
export function torchPickle(fixtures: readonly Fixture[]): Uint8Array<ArrayBuffer> {
  const items = fixtures.map((fixture, i) =>
    joined(text(fixture.name), tensor(fixture, String(i)), "s")
  );
  const state = joined(global("collections", "OrderedDict"), ")R", ...items);
  return joined(0x80, 2, "}", text("model"), state, "s", text("epoch"), "K", 3, "s", ".");
}

export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** The size that the archive claims, where it lies. */
  readonly size?: number;
}

/** A zip archive; entries are stored unless `deflate` says otherwise. */
export function zip(files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, deflate = false, size = data.length } of files) {
    const packed = deflate ? new Uint8Array(zlib.deflateRawSync(data)) : data;
    const method = deflate ? 8 : 0;
    const middle = joined(
      ...[0, method, 0, 0].map((value) => new Uint8Array(Uint16Array.of(value).buffer)),
      u32(zlib.crc32(data)),
      u32(packed.length),
      u32(size),
      new Uint8Array(Uint16Array.of(UTF8.encode(name).length, 0).buffer),
    );
    const local = joined("PK", 3, 4, 20, 0, middle, name, packed);
    central.push(joined("PK", 1, 2, 20, 0, 20, 0, middle, new Uint8Array(10), u32(at), name));
    locals.push(local);
    at += local.length;
  }
  const directory = joined(...central);
  const count = new Uint8Array(Uint16Array.of(0, 0, files.length, files.length).buffer);
  const end = joined("PK", 5, 6, count, u32(directory.length), u32(at), 0, 0);
  return joined(...locals, directory, end);
}

/** A checkpoint in PyTorch's zip format. */
export function torchZip(fixtures: readonly Fixture[]): Uint8Array<ArrayBuffer> {
  return zip([
    { name: "net/data.pkl", data: torchPickle(fixtures) },
    { name: "net/byteorder", data: UTF8.encode("little") },
    ...fixtures.map(({ data }, i) => ({ name: `net/data/${i}`, data })),
  ]);
}

/** A checkpoint in the format before: torch.save(_use_new_zipfile_serialization=False). */
export function torchLegacy(fixtures: readonly Fixture[]): Uint8Array<ArrayBuffer> {
  const magic = Uint8Array.of(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);
  const keys = fixtures.map((_, i) => joined(text(String(i)), "a"));
  return joined(
    joined(0x80, 2, 0x8a, magic.length, magic, "."),
    joined(0x80, 2, "M", 0xe9, 0x03, "."),
    joined(0x80, 2, "}", text("little_endian"), 0x88, "s", "."),
    torchPickle(fixtures),
    joined(0x80, 2, "]", ...keys, "."),
    ...fixtures.map(({ numel, data }) => joined(u64(numel), data)),
  );
}
