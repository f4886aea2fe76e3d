import { crc32 } from "node:zlib";
import { joined } from "../../std/joined.ts";

/** A zip archive whose entries are stored as they are, as NumPy writes .npz files. */
export function zipBytes(entries: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const [body, directory]: [Uint8Array[], Uint8Array[]] = [[], []];
  let offset = 0;
  for (const [name, data] of entries) {
    const text = new TextEncoder().encode(name);
    const fields = Uint8Array.of(
      20,
      0,
      ...new Array(8).fill(0),
      ...words(crc32(data), data.length),
    );
    const common = joined(Uint8Array, [
      fields,
      words(data.length),
      Uint8Array.of(text.length, 0, 0, 0),
    ]);
    body.push(Uint8Array.of(0x50, 0x4b, 3, 4), common, text, data);
    const more = joined(Uint8Array, [new Uint8Array(10), words(offset)]);
    directory.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), common, more, text);
    offset += 4 + common.length + text.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const count = [entries.size, 0, entries.size, 0];
  const end = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...words(size, offset), 0, 0];
  return joined(Uint8Array, [...body, ...directory, Uint8Array.from(end)]);
}

const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
