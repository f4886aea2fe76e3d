/** Writes PLY files as common tools do: vertices, then no faces. */
import { joined } from "../../std/joined.ts";
import type { CloudColumn } from "../clouds/cloud.ts";

const TYPES: Readonly<Record<string, string>> = {
  Float32Array: "float",
  Float64Array: "double",
  Int8Array: "char",
  Int16Array: "short",
  Int32Array: "int",
  Uint8Array: "uchar",
  Uint16Array: "ushort",
  Uint32Array: "uint",
};

export type PlyFormat = "ascii" | "binary_little_endian" | "binary_big_endian";

/** A PLY file of vertices with these properties, all of one length. */
export function plyBytes(
  columns: readonly (readonly [name: string, values: CloudColumn])[],
  format: PlyFormat,
): Uint8Array<ArrayBuffer> {
  const points = columns[0]![1].length;
  const header = [
    "ply",
    `format ${format} 1.0`,
    "comment written by a synthetic twin",
    `element vertex ${points}`,
    ...columns.map(([name, { constructor }]) => `property ${TYPES[constructor.name]} ${name}`),
    "element face 0",
    "property list uchar int vertex_indices",
    "end_header\n",
  ].join("\n");
  const body = format === "ascii"
    ? new TextEncoder().encode(textBody(columns, points))
    : binaryBody(columns, points, format === "binary_little_endian");
  return joined(Uint8Array, [new TextEncoder().encode(header), body]);
}

function textBody(
  columns: readonly (readonly [string, CloudColumn])[],
  points: number,
): string {
  let text = "";
  for (let i = 0; i < points; i++) text += `${columns.map(([, column]) => column[i]).join(" ")}\n`;
  return text;
}

/** One record a point. */
export function binaryBody(
  columns: readonly (readonly [string, CloudColumn])[],
  points: number,
  little: boolean,
): Uint8Array<ArrayBuffer> {
  const stride = columns.reduce((sum, [, { BYTES_PER_ELEMENT }]) => sum + BYTES_PER_ELEMENT, 0);
  const out = new Uint8Array(points * stride);
  let offset = 0;
  for (const [, column] of columns) {
    const size = column.BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(column.buffer as ArrayBuffer, column.byteOffset, points * size);
    for (let i = 0; i < points; i++) {
      const at = i * stride + offset;
      out.set(bytes.subarray(i * size, (i + 1) * size), at);
      if (!little) out.subarray(at, at + size).reverse();
    }
    offset += size;
  }
  return out;
}
