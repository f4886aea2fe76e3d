/** Undoes the row filters of a PNG image (PNG specification, section 9). */

/** Where a filter byte was none of 0 to 4. */
export interface UnknownFilter {
  readonly row: number;
  readonly filter: number;
}

/**
 * Undoes the filters in place and moves the rows together: `raw` has a filter byte before each row
 * and holds the rows without them, from its start, afterwards.
 */
export function unfilter(
  raw: Uint8Array,
  { rowBytes, bytesPerPixel }: { readonly rowBytes: number; readonly bytesPerPixel: number },
): UnknownFilter | undefined {
  const rows = raw.length / (1 + rowBytes);
  for (let row = 0; row < rows; row++) {
    const from = row * (1 + rowBytes) + 1;
    const to = row * rowBytes;
    const filter = raw[from - 1]!;
    raw.copyWithin(to, from, from + rowBytes);
    // Above the first row stand zeros: Up does nothing there, Paeth is Sub.
    if (filter === 1 || filter === 4 && row === 0) sub(raw, to, rowBytes, bytesPerPixel);
    else if (filter === 2) up(raw, to, row === 0 ? 0 : rowBytes);
    else if (filter === 3) average(raw, to, rowBytes, bytesPerPixel);
    else if (filter === 4) paeth(raw, to, rowBytes, bytesPerPixel);
    else if (filter !== 0) return { row, filter };
  }
  return undefined;
}

function sub(raw: Uint8Array, to: number, length: number, step: number): void {
  const end = to + length;
  for (let i = to + step; i < end; i++) raw[i] = raw[i]! + raw[i - step]!;
}

/** Low seven bits of each byte of a word. */
const LOW_BITS = 0x7f7f7f7f;

/** Four bytes at a time where they lie on words: sums without carries from byte to byte. */
function up(raw: Uint8Array, to: number, length: number): void {
  const end = to + length;
  if (length % 4 !== 0 || raw.byteOffset % 4 !== 0) {
    for (let i = to; i < end; i++) raw[i] = raw[i]! + raw[i - length]!;
    return;
  }
  const words = new Int32Array(raw.buffer, raw.byteOffset, end >> 2);
  const above = length >> 2;
  for (let i = to >> 2; i < words.length; i++) {
    const a = words[i]!;
    const b = words[i - above]!;
    words[i] = ((a & LOW_BITS) + (b & LOW_BITS)) ^ ((a ^ b) & ~LOW_BITS);
  }
}

function average(raw: Uint8Array, to: number, length: number, step: number): void {
  const above = to === 0 ? undefined : length;
  for (let i = to; i < to + length; i++) {
    const left = i - to < step ? 0 : raw[i - step]!;
    const up = above === undefined ? 0 : raw[i - above]!;
    raw[i] = raw[i]! + (left + up >> 1);
  }
}

function paeth(raw: Uint8Array, to: number, length: number, step: number): void {
  for (let i = to; i < to + step; i++) raw[i] = raw[i]! + raw[i - length]!;
  const end = to + length;
  for (let i = to + step; i < end; i++) {
    const left = raw[i - step]!;
    const above = raw[i - length]!;
    const corner = raw[i - length - step]!;
    // Distances of left + above - corner to each of the three.
    const toLeft = Math.abs(above - corner);
    const toAbove = Math.abs(left - corner);
    const toCorner = Math.abs(left + above - 2 * corner);
    const nearest = toLeft <= toAbove && toLeft <= toCorner
      ? left
      : toAbove <= toCorner
      ? above
      : corner;
    raw[i] = raw[i]! + nearest;
  }
}
