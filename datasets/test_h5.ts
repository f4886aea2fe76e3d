/** Damage to HDF5 files that the tests of this folder share. */

/** Writes `to` where the little-endian numbers `from` first stand in a row in a file. */
export function replaceNumbers(
  path: string,
  bits: 32 | 64,
  from: readonly number[],
  to: readonly number[],
): void {
  const bytes = Deno.readFileSync(path);
  const numbers = (values: readonly number[]) =>
    new Uint8Array(
      bits === 32 ? Uint32Array.from(values).buffer : BigUint64Array.from(values, BigInt).buffer,
    );
  const old = numbers(from);
  const at = bytes.findIndex((_, i) => old.every((byte, k) => bytes[i + k] === byte));
  if (at < 0) throw new Error(`Cannot find ${from.join(", ")} in "${path}"`);
  bytes.set(numbers(to), at);
  Deno.writeFileSync(path, bytes);
}
