/** Writes LAS files with the smallest records of their point format. */

/** What a record holds besides its position. */
export interface LasPoints {
  /** Row-major [N, 4]: x, y, z in metres, intensity 0 to 65535. */
  readonly points: ArrayLike<number>;
  /** 0 to 31 in formats 0 to 5, 0 to 255 in the others. */
  readonly classes: ArrayLike<number>;
  /** Row-major [N, 3]: red, green, blue, 0 to 65535; needed in formats 2, 3, 5, 7, 8 and 10. */
  readonly colours?: ArrayLike<number>;
}

const RECORD = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];
const COLOUR: Readonly<Record<number, number>> = { 2: 20, 3: 28, 5: 28, 7: 30, 8: 30, 10: 30 };

/** Metres of a step of the stored coordinates. */
export const LAS_SCALE = 0.001;

/** A LAS 1.`minor` file of point format `format` whose coordinates are stored about `origin`. */
export function lasBytes(
  { points, classes, colours }: LasPoints,
  { minor, format, origin }: { minor: 2 | 3 | 4; format: number; origin: readonly number[] },
): Uint8Array<ArrayBuffer> {
  const header = { 2: 227, 3: 235, 4: 375 }[minor];
  const stride = RECORD[format]!;
  const count = classes.length;
  const bytes = new Uint8Array(header + count * stride);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("LASF"));
  bytes.set([1, minor], 24);
  view.setUint16(94, header, true);
  view.setUint32(96, header, true);
  view.setUint8(104, format);
  view.setUint16(105, stride, true);
  view.setUint32(107, format < 6 ? count : 0, true);
  if (minor === 4) view.setBigUint64(247, BigInt(count), true);
  for (let k = 0; k < 3; k++) {
    view.setFloat64(131 + 8 * k, LAS_SCALE, true);
    view.setFloat64(155 + 8 * k, origin[k]!, true);
  }
  for (let i = 0; i < count; i++) {
    const at = header + i * stride;
    for (let k = 0; k < 3; k++) {
      view.setInt32(at + 4 * k, Math.round((points[4 * i + k]! - origin[k]!) / LAS_SCALE), true);
    }
    view.setUint16(at + 12, points[4 * i + 3]!, true);
    // The high bits of the older formats are flags, which a reader must leave out.
    view.setUint8(at + (format < 6 ? 15 : 16), format < 6 ? classes[i]! | 0x40 : classes[i]!);
    const colour = COLOUR[format];
    for (let k = 0; colour !== undefined && k < 3; k++) {
      view.setUint16(at + colour + 2 * k, colours?.[3 * i + k] ?? 0, true);
    }
  }
  return bytes;
}
