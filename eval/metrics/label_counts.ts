/**
 * Counts of (predicted class, true class) over labelled points, straight from raw class ids.
 *
 * One pass: each id goes through a table of 65536 bytes, each pair into one of four histograms. Ids
 * that the table does not know have classes of their own, so the pass needs no branch; only a chunk
 * in which one of them turned up is read a second time, to say which it was.
 */

/** Row length of a histogram: a power of two, so that a pair's bin is a shift and an or. */
const STRIDE = 32;
/** Class of an id that is in range but in no class: it counts as class 0 and is tallied. */
const UNMAPPED = 30;
/** Class of an id out of range: an error. */
const OUT_OF_RANGE = 31;
/** A label's low 16 bits are its class id; the high 16 are its instance. */
const CLASS_BITS = 0xffff;

/** The class of each raw id; made by {@linkcode labelMap}. */
export interface LabelMap {
  /** Classes are 0 to `classes - 1`; 0 takes the ids that are in no class. */
  readonly classes: number;
  /** Ids from here on are errors. */
  readonly limit: number;
  readonly table: Uint8Array;
}

/** What {@linkcode countLabels} adds to. Float64 holds every count up to 2^53. */
export interface LabelCounts {
  readonly classes: number;
  /** Row-major [classes, classes], row = predicted, column = truth, in points. */
  readonly confusion: Float64Array;
  /** [limit] points by raw id for ids that are in no class; they are in `confusion` as class 0. */
  readonly unmappedTruth: Float64Array;
  readonly unmappedPredicted: Float64Array;
}

/** Points of one scene or a part of it: class id in the low 16 bits, the rest is not looked at. */
export interface LabelPair {
  readonly truth: Uint32Array;
  readonly predicted: Uint32Array;
  readonly map: LabelMap;
}

/** A point carries an id that the label map cannot hold. `index` counts from the sample's start. */
export class LabelIdError extends RangeError {
  override readonly name = "LabelIdError";

  constructor(
    readonly side: "truth" | "predicted",
    readonly index: number,
    readonly id: number,
  ) {
    super(`Cannot count point ${index}: its ${side} class id ${id} is out of range`);
  }
}

/**
 * The map of `classOf`, from raw id to class. Other ids below `limit` count as class 0; ids from
 * `limit` on are errors.
 *
 * @throws {RangeError} There are more than 30 classes, or an id or a class is out of its range.
 */
export function labelMap(
  classOf: Readonly<Record<number, number>>,
  { classes, limit }: { classes: number; limit: number },
): LabelMap {
  if (classes > UNMAPPED) {
    throw new RangeError(`Cannot map ids to ${classes} classes: at most ${UNMAPPED} are counted`);
  }
  const table = new Uint8Array(CLASS_BITS + 1).fill(OUT_OF_RANGE).fill(UNMAPPED, 0, limit);
  for (const [key, value] of Object.entries(classOf)) {
    const id = Number(key);
    if (!(id < limit && value < classes)) {
      throw new RangeError(
        `Cannot map id ${id} to class ${value}: an id below ${limit} and a class below ` +
          `${classes} are needed`,
      );
    }
    table[id] = value;
  }
  return { classes, limit, table };
}

/** Counts of no points, for the classes and raw ids of `map`. */
export function createLabelCounts({ classes, limit }: LabelMap): LabelCounts {
  return {
    classes,
    confusion: new Float64Array(classes * classes),
    unmappedTruth: new Float64Array(limit),
    unmappedPredicted: new Float64Array(limit),
  };
}

/**
 * Adds the points of `pair` to `state`, which stays as it was when this throws.
 *
 * @throws {RangeError} The two arrays differ in length.
 * @throws {LabelIdError} An id is out of the map's range; the first such point is named.
 */
export function countLabels(state: LabelCounts, pair: LabelPair): void {
  const { truth, predicted, map } = pair;
  if (truth.length !== predicted.length) {
    throw new RangeError(
      `Cannot count labels: ${truth.length} are true and ${predicted.length} predicted, and as ` +
        `many are needed`,
    );
  }
  for (const lane of lanes) lane.fill(0);
  fillLanes(truth, predicted, map.table);
  const total = addLanes();
  if (occurs(total, OUT_OF_RANGE)) throw firstOutOfRange(pair);
  if (occurs(total, UNMAPPED)) tallyUnmapped(state, pair);
  fold(state, total);
}

/** Adds the counts of `from` to `into`. */
export function mergeLabelCounts(into: LabelCounts, from: LabelCounts): void {
  add(into.confusion, from.confusion);
  add(into.unmappedTruth, from.unmappedTruth);
  add(into.unmappedPredicted, from.unmappedPredicted);
}

/** Points counted so far. */
export function countedPoints(state: LabelCounts): number {
  return state.confusion.reduce((total, count) => total + count, 0);
}

// Four histograms, because neighbouring points mostly share a bin, and an increment that waits for
// the store of the one before costs about twice as much. They are scratch of the running update.
const lane0 = new Uint32Array(STRIDE * STRIDE);
const lane1 = new Uint32Array(STRIDE * STRIDE);
const lane2 = new Uint32Array(STRIDE * STRIDE);
const lane3 = new Uint32Array(STRIDE * STRIDE);
const lanes = [lane0, lane1, lane2, lane3];

/** The hot loop: about 1 ns a point. Locals and no calls, or the compiler reloads everything. */
function fillLanes(truth: Uint32Array, predicted: Uint32Array, table: Uint8Array): void {
  const a = lane0;
  const b = lane1;
  const c = lane2;
  const d = lane3;
  const n = Math.min(truth.length, predicted.length);
  let i = 0;
  for (; i < n - 3; i += 4) {
    a[table[predicted[i]! & 0xffff]! << 5 | table[truth[i]! & 0xffff]!]!++;
    b[table[predicted[i + 1]! & 0xffff]! << 5 | table[truth[i + 1]! & 0xffff]!]!++;
    c[table[predicted[i + 2]! & 0xffff]! << 5 | table[truth[i + 2]! & 0xffff]!]!++;
    d[table[predicted[i + 3]! & 0xffff]! << 5 | table[truth[i + 3]! & 0xffff]!]!++;
  }
  for (; i < n; i++) a[table[predicted[i]! & 0xffff]! << 5 | table[truth[i]! & 0xffff]!]!++;
}

/** Sums the lanes into the first; a sample has fewer than 2^32 points, so no bin overflows. */
function addLanes(): Uint32Array {
  for (let i = 0; i < lane0.length; i++) lane0[i]! += lane1[i]! + lane2[i]! + lane3[i]!;
  return lane0;
}

/** Whether any point is of `label` as its predicted (row) or true (column) class. */
function occurs(histogram: Uint32Array, label: number): boolean {
  for (let k = 0; k < STRIDE; k++) {
    if (histogram[label * STRIDE + k]! + histogram[k * STRIDE + label]! > 0) return true;
  }
  return false;
}

function firstOutOfRange({ truth, predicted, map: { table } }: LabelPair): LabelIdError {
  for (let i = 0; i < truth.length; i++) {
    const t = truth[i]! & CLASS_BITS;
    if (table[t] === OUT_OF_RANGE) return new LabelIdError("truth", i, t);
    const p = predicted[i]! & CLASS_BITS;
    if (table[p] === OUT_OF_RANGE) return new LabelIdError("predicted", i, p);
  }
  throw new Error("Cannot find the id that was counted as out of range");
}

function tallyUnmapped(state: LabelCounts, { truth, predicted, map: { table } }: LabelPair): void {
  for (let i = 0; i < truth.length; i++) {
    const t = truth[i]! & CLASS_BITS;
    if (table[t] === UNMAPPED) state.unmappedTruth[t]!++;
    const p = predicted[i]! & CLASS_BITS;
    if (table[p] === UNMAPPED) state.unmappedPredicted[p]!++;
  }
}

function fold({ classes, confusion }: LabelCounts, histogram: Uint32Array): void {
  for (let bin = 0; bin < histogram.length; bin++) {
    const count = histogram[bin]!;
    if (count === 0) continue;
    // An unmapped id wraps to class 0.
    const row = Math.floor(bin / STRIDE) % UNMAPPED;
    const column = (bin % STRIDE) % UNMAPPED;
    confusion[row * classes + column]! += count;
  }
}

function add(into: Float64Array, from: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += from[i]!;
}
