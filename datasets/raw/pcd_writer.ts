/** Writes PCD files as PCL does. */
import { joined } from "../../std/joined.ts";
import type { CloudColumn } from "../clouds/cloud.ts";
import { binaryBody } from "./ply_writer.ts";

export type PcdData = "ascii" | "binary" | "binary_compressed";

/** A PCD file with these fields, all of one length. */
export function pcdBytes(
  columns: readonly (readonly [name: string, values: CloudColumn])[],
  data: PcdData,
): Uint8Array<ArrayBuffer> {
  const points = columns[0]![1].length;
  const each = (of: (column: CloudColumn) => string | number) =>
    columns.map(([, column]) => of(column)).join(" ");
  const header = [
    "# .PCD v0.7 - Point Cloud Data file format",
    "VERSION 0.7",
    `FIELDS ${columns.map(([name]) => name).join(" ")}`,
    `SIZE ${each((column) => column.BYTES_PER_ELEMENT)}`,
    `TYPE ${each(({ constructor }) => constructor.name[0]!)}`,
    `COUNT ${each(() => 1)}`,
    `WIDTH ${points}`,
    "HEIGHT 1",
    "VIEWPOINT 0 0 0 1 0 0 0",
    `POINTS ${points}`,
    `DATA ${data}\n`,
  ].join("\n");
  return joined(Uint8Array, [new TextEncoder().encode(header), bodyOf(columns, points, data)]);
}

function bodyOf(
  columns: readonly (readonly [string, CloudColumn])[],
  points: number,
  data: PcdData,
): Uint8Array {
  if (data === "binary") return binaryBody(columns, points, true);
  if (data === "ascii") {
    const lines = Array.from(
      { length: points },
      (_, i) => `${columns.map(([, column]) => String(column[i]).toLowerCase()).join(" ")}\n`,
    );
    return new TextEncoder().encode(lines.join(""));
  }
  const fields = columns.map(([, { buffer, byteOffset, byteLength }]) =>
    new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
  );
  const plain = joined(Uint8Array, fields);
  const packed = packLzf(plain);
  return joined(Uint8Array, [
    new Uint8Array(Uint32Array.of(packed.length, plain.length).buffer),
    packed,
  ]);
}

/** Packs bytes as LZF: runs of one byte as matches, all else as literals. */
export function packLzf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let literal = 0;
  const flush = (end: number) => {
    for (; literal < end; literal += 32) {
      const length = Math.min(32, end - literal);
      parts.push(Uint8Array.of(length - 1), bytes.subarray(literal, literal + length));
    }
    literal = end;
  };
  for (let i = 1; i < bytes.length;) {
    let length = 0;
    while (length < 264 && bytes[i + length] === bytes[i - 1]) length++;
    if (length < 9) {
      i++;
      continue;
    }
    flush(i);
    // Distance 1: the byte before, over and over.
    parts.push(Uint8Array.of(7 << 5, length - 9, 0));
    i += length;
    literal = i;
  }
  flush(bytes.length);
  return joined(Uint8Array, parts);
}
