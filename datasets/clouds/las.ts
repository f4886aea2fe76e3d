/** LAS 1.2 to 1.4, point formats 0 to 10 (ASPRS LAS 1.4 R15). */
import { InputError } from "../../std/errors.ts";
import type { Cloud, CloudColumn } from "./cloud.ts";
import { readField } from "./records.ts";

/** Least bytes of a record, by point format. */
const RECORD = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];
/** Byte of the colours in a record, by point format; undefined where it has none. */
const COLOUR: Readonly<Record<number, number>> = { 2: 20, 3: 28, 5: 28, 7: 30, 8: 30, 10: 30 };
const HEADER = 227;
const HEADER_14 = 375;

/**
 * Reads a LAS file: coordinates scaled and shifted in float64, intensity and colours as stored.
 *
 * @throws {InputError} when it is no LAS file, compressed (LAZ), of another version, or cut off.
 */
export function readLas(bytes: Uint8Array, place: string): Cloud {
  const fail = (found: string) => new InputError(`Cannot read ${place}: ${found}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || String.fromCharCode(...bytes.subarray(0, 4)) !== "LASF") {
    throw fail(`it is ${bytes.length} bytes and no LAS file, which begins with "LASF"`);
  }
  const [major, minor] = [bytes[24]!, bytes[25]!];
  if (major !== 1 || minor < 2 || minor > 4) {
    throw fail(`its version is ${major}.${minor}, and 1.2, 1.3 or 1.4 is needed`);
  }
  const code = bytes[104]!;
  // LAZ sets the highest bits of the format.
  if (code > 127) throw fail("it is compressed (LAZ); unpack it to .las");
  const format = code;
  const stride = view.getUint16(105, true);
  if (RECORD[format] === undefined || stride < RECORD[format]) {
    throw fail(`its points have format ${format} and ${stride} bytes; formats 0 to 10 are known`);
  }
  if (minor === 4 && bytes.length < HEADER_14) throw fail("its header is cut off");
  const count = minor === 4 ? Number(view.getBigUint64(247, true)) : view.getUint32(107, true);
  const points = count === 0 ? view.getUint32(107, true) : count;
  const start = view.getUint32(96, true);
  if (start < HEADER || start + points * stride > bytes.length) {
    throw fail(
      `it declares ${points} points of ${stride} bytes from byte ${start}, and has ` +
        `${bytes.length} bytes`,
    );
  }
  return { points, columns: readColumns(view, { format, start, stride, points, place }) };
}

interface Layout {
  readonly format: number;
  readonly start: number;
  readonly stride: number;
  readonly points: number;
  readonly place: string;
}

function readColumns(view: DataView, layout: Layout): Map<string, CloudColumn> {
  const { format, start, stride, points, place } = layout;
  const field = (type: "i4" | "u2" | "u1", offset: number) =>
    readField(view, { type, start: start + offset, stride, little: true }, points);
  const columns = new Map<string, CloudColumn>();
  ["x", "y", "z"].forEach((name, axis) => {
    const scale = view.getFloat64(131 + 8 * axis, true);
    const shift = view.getFloat64(155 + 8 * axis, true);
    if (!(Math.abs(scale) > 0 && Number.isFinite(scale) && Number.isFinite(shift))) {
      throw new InputError(`Cannot read ${place}: its ${name} has scale ${scale}, offset ${shift}`);
    }
    columns.set(name, Float64Array.from(field("i4", 4 * axis), (v) => v * scale + shift));
  });
  columns.set("intensity", field("u2", 12));
  // The older formats keep flags in the three high bits of the class.
  const classes = field("u1", format < 6 ? 15 : 16);
  columns.set("classification", format < 6 ? classes.map((id) => id & 31) : classes);
  const colour = COLOUR[format];
  if (colour !== undefined) {
    ["red", "green", "blue"].forEach((name, k) => columns.set(name, field("u2", colour + 2 * k)));
  }
  return columns;
}
