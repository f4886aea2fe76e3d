/** NumPy's .npy files: the header that says what the values are, and whole files written. */
import { InputError } from "./errors.ts";

/** What a .npy file says of its values. */
export interface NpyHeader {
  /** Type as NumPy writes it, e.g. `<f4`: byte order, kind (b, i, u or f), bytes. */
  readonly descr: string;
  /** Whether the first index runs fastest, not the last. */
  readonly fortran: boolean;
  /** [] for a scalar, which has one element. */
  readonly shape: readonly number[];
  /** Product of `shape`. */
  readonly count: number;
  /** Byte at which the values begin. */
  readonly start: number;
}

/** Longest header that is read; NumPy itself refuses more than 10,000 bytes. */
export const MAX_HEADER = 1 << 16;

/** NumPy's own limit, from version 2 on. */
const MAX_DIMENSIONS = 64;

/**
 * Reads the header from the first bytes of a file, {@linkcode MAX_HEADER} + 12 of them if it has so
 * many. `name` is for error texts.
 *
 * @throws {InputError} It is no .npy header, or is cut off.
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const fail = (found: string) => new InputError(`Cannot read ${name} as .npy: ${found}`);
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") {
    throw fail("it does not begin with the NumPy signature");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const begin = wide ? 12 : 10;
  const length = wide && bytes.length >= 12 ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = begin + length;
  if (length > MAX_HEADER || start > bytes.length) {
    throw fail(`its header is ${length} bytes, the file ${bytes.length}`);
  }
  const header = new TextDecoder().decode(bytes.subarray(begin, start));
  const descr = header.match(/'descr': *'([^']+)'/)?.[1];
  const fortran = header.match(/'fortran_order': *(True|False)/)?.[1];
  const shapeText = header.match(/'shape': *\(([\d, L]*)\)/)?.[1];
  if (descr === undefined || fortran === undefined || shapeText === undefined) {
    throw fail(`its header is ${shown(header)}`);
  }
  const shape = shapeText.split(",").map((part) => part.trim()).filter(Boolean).map(parseInt10);
  if (shape.length > MAX_DIMENSIONS || !shape.every(Number.isSafeInteger)) {
    throw fail(`its header is ${shown(header)}`);
  }
  const count = shape.reduce((a, b) => a * b, 1);
  return { descr, fortran: fortran === "True", shape, count, start };
}

/** The start of a text, in one line. */
function shown(text: string): string {
  return JSON.stringify(text.trim().slice(0, 120));
}

function parseInt10(text: string): number {
  return /^\d+L?$/.test(text) ? parseInt(text, 10) : NaN;
}

/** A .npy file, version 1.0: `values` row-major in `shape`, in the byte order of this machine. */
export function npyFile(
  values: Float32Array | Int32Array,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  const descr = values instanceof Float32Array ? "<f4" : "<i4";
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // NumPy aligns the values to 64 bytes with spaces before the line's end.
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const file = new Uint8Array(start + values.byteLength);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(file.buffer).setUint16(8, start - 10, true);
  file.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
  return file;
}
