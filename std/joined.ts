/** The elements of all parts, one after the other, in a new array of that type. */
export function joined<A extends Uint8Array | Float32Array>(
  type: new (length: number) => A,
  parts: readonly ArrayLike<number>[],
): A {
  const all = new type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
