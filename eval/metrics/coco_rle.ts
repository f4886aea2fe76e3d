/**
 * Run-length masks of COCO: lengths of runs of 0 and 1 in turn, beginning with 0, down the columns.
 * What each function gives is what cocoapi's `maskApi.c` gives, to the last bit.
 */

/** A mask. */
export interface Rle {
  readonly height: number;
  readonly width: number;
  /** Lengths of the runs; they add up to `height * width`, unless there are none. */
  readonly counts: Uint32Array;
}

/** A mask is malformed; the text is what was found and what is needed. */
export class MaskError extends RangeError {
  override readonly name = "MaskError";
}

/** Characters that one count takes at most: 35 bits. */
const MAX_CHARACTERS = 7;
/** Characters carry six bits, counted from this code on. */
const FIRST = 48;

/**
 * A mask of the given runs.
 *
 * @throws {MaskError} The size is none, or the runs do not fill it.
 */
export function rleOf(height: number, width: number, counts: ArrayLike<number>): Rle {
  const size = height * width;
  const whole = Number.isInteger(height) && Number.isInteger(width) && height >= 0 && width >= 0;
  if (!whole || !(size < 2 ** 32)) {
    throw new MaskError(
      `its size is ${height} x ${width}, and whole numbers with a product below 2^32 are needed`,
    );
  }
  let total = 0;
  const runs = new Uint32Array(counts.length);
  for (let i = 0; i < counts.length; i++) {
    const run = counts[i]!;
    runs[i] = run;
    total += run;
    if (runs[i] !== run) {
      throw new MaskError(`its run ${i} is ${run} pixels long, and 0 to 2^32 - 1 are needed`);
    }
  }
  if (counts.length > 0 && total !== size) {
    throw new MaskError(
      `its runs have ${total} pixels, and ${height} x ${width} = ${size} are needed`,
    );
  }
  return { height, width, counts: runs };
}

/**
 * The runs of COCO's text form: six bits a character, the lowest first, the last one's fifth bit
 * the sign; from the fourth run on the difference to the run two before.
 *
 * @throws {MaskError} The text is cut off or has other characters.
 */
export function parseCounts(text: string): number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length;) {
    let value = 0;
    let more = true;
    let unit = 1;
    for (let k = 0; more; k++) {
      const bits = text.charCodeAt(at) - FIRST;
      if (!(bits >= 0 && bits < 64) || k === MAX_CHARACTERS) {
        throw new MaskError(
          at < text.length
            ? `its counts have "${text[at]}" at position ${at}, where no count has it`
            : "its counts end within a number",
        );
      }
      value += (bits & 31) * unit;
      unit *= 32;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0) value -= unit;
      at++;
    }
    const n = counts.length;
    counts.push(n > 2 ? value + counts[n - 2]! : value);
  }
  return counts;
}

/** Pixels of the mask. */
export function areaOf({ counts }: Rle): number {
  let area = 0;
  for (let j = 1; j < counts.length; j += 2) area += counts[j]!;
  return area;
}

/** Writes the box around the mask, [x, y, width, height], at `at`; zeros if it has no run of 1. */
export function boxOf({ height, width, counts }: Rle, into: Float64Array, at = 0): void {
  const runs = counts.length - counts.length % 2;
  into.fill(0, at, at + 4);
  if (runs === 0 || height === 0) return;
  let [left, top, right, bottom] = [width, height, 0, 0];
  let end = 0;
  let column = 0;
  for (let j = 0; j < runs; j++) {
    end += counts[j]!;
    // The first pixel of a run of 1, then its last; in 32 bits, as an empty first run may wrap.
    const pixel = (end - j % 2) >>> 0;
    const y = pixel % height;
    const x = (pixel - y) / height;
    if (j % 2 === 0) column = x;
    else if (column < x) {
      top = 0;
      bottom = height - 1;
    }
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  into[at] = left;
  into[at + 1] = top;
  into[at + 2] = right - left + 1;
  into[at + 3] = bottom - top + 1;
}

/**
 * Pixels of both masks over pixels of either; of the second mask's crowd, over the first's area.
 * Both have the same size.
 */
export function rleIou(a: Rle, b: Rle, crowd: boolean): number {
  const [runsA, runsB] = [a.counts, b.counts];
  let [restA, restB] = [runsA[0]!, runsB[0]!];
  let [nextA, nextB] = [1, 1];
  let [inA, inB] = [false, false];
  let both = 0;
  let either = 0;
  for (let rest = 1; rest > 0;) {
    const step = restA < restB ? restA : restB;
    if (inA || inB) {
      either += step;
      if (inA && inB) both += step;
    }
    restA -= step;
    if (restA === 0 && nextA < runsA.length) {
      restA = runsA[nextA++]!;
      inA = !inA;
    }
    restB -= step;
    if (restB === 0 && nextB < runsB.length) {
      restB = runsB[nextB++]!;
      inB = !inB;
    }
    rest = restA + restB;
  }
  if (both === 0) return 0;
  return both / (crowd ? areaOf(a) : either);
}

/** The union of masks of one size; there is at least one. */
export function mergeRles(masks: readonly Rle[]): Rle {
  const { height, width } = masks[0]!;
  let counts = masks[0]!.counts;
  for (const { counts: more } of masks.slice(1)) counts = union(counts, more);
  return { height, width, counts };
}

function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  const merged: number[] = [];
  let [restA, restB] = [a[0]!, b[0]!];
  let [nextA, nextB] = [1, 1];
  let [inA, inB, inside] = [false, false, false];
  let run = 0;
  for (let rest = 1; rest > 0;) {
    const step = Math.min(restA, restB);
    run += step;
    restA -= step;
    if (restA === 0 && nextA < a.length) {
      restA = a[nextA++]!;
      inA = !inA;
    }
    restB -= step;
    if (restB === 0 && nextB < b.length) {
      restB = b[nextB++]!;
      inB = !inB;
    }
    rest = restA + restB;
    const before = inside;
    inside = inA || inB;
    if (inside === before && rest > 0) continue;
    merged.push(run);
    run = 0;
  }
  return Uint32Array.from(merged);
}
