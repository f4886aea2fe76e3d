import { InputError } from "../../std/errors.ts";

/** A match of 264 bytes takes three: LZF packs no tighter. */
const MAX_RATIO = 88;

/**
 * Unpacks LZF (M. Lehmann's liblzf, as PCL writes it) to exactly `size` bytes.
 *
 * @throws {InputError} when the data are cut off, reach back before their start, or have another size.
 */
export function unpackLzf(packed: Uint8Array, size: number, place: string): Uint8Array {
  const fail = (found: string) => new InputError(`Cannot read ${place}: ${found}`);
  if (size > MAX_RATIO * packed.length) {
    throw fail(`${packed.length} bytes of LZF data cannot hold ${size}`);
  }
  const out = new Uint8Array(size);
  let [at, to] = [0, 0];
  while (at < packed.length) {
    const control = packed[at++]!;
    if (control < 32) {
      const length = control + 1;
      if (at + length > packed.length || to + length > size) {
        throw fail(`its LZF data are damaged at byte ${at}`);
      }
      out.set(packed.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) length += packed[at++] ?? 0;
    const from = to - (((control & 31) << 8) | (packed[at] ?? 0)) - 1;
    if (at >= packed.length || from < 0 || to + length > size) {
      throw fail(`its LZF data are damaged at byte ${at}`);
    }
    at++;
    // Byte by byte: a match may overlap what it makes.
    for (let i = 0; i < length; i++) out[to + i] = out[from + i]!;
    to += length;
  }
  if (to !== size) throw fail(`its LZF data unpack to ${to} bytes, not ${size}`);
  return out;
}
