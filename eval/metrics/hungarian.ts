/**
 * A perfect matching of the largest weight between n rows and n columns of whole, non-negative
 * weights (row-major): the Kuhn-Munkres algorithm with vertex labels, growing one alternating tree
 * at a time from the lowest row that is free. Where several matchings weigh the same, this order
 * decides; it is that of Waymo's `hungarian.cc`.
 *
 * @returns The column of each row, in memory that the next call overwrites.
 */
export function hungarian(n: number, weights: Int32Array): Int32Array {
  if (n > search.capacity) search = new Search(2 * n);
  return search.run(n, weights);
}

class Search {
  #n = 0;
  #weights: Int32Array = new Int32Array(0);
  readonly #columnOf: Int32Array;
  readonly #rowOf: Int32Array;
  readonly #rowLabel: Int32Array;
  readonly #columnLabel: Int32Array;
  /** Rows of the tree, the root first. */
  readonly #rows: Int32Array;
  /** Columns of the tree, and the position of the row that each hangs on. */
  readonly #columns: Int32Array;
  readonly #parents: Int32Array;
  readonly #inTree: Uint8Array;
  /** Columns that the tree reaches, in the order they were found, and from which row. */
  readonly #reached: Int32Array;
  readonly #reachedFrom: Int32Array;
  readonly #isReached: Uint8Array;
  #rowCount = 0;
  #columnCount = 0;
  #reachedCount = 0;

  /** @param capacity The largest n. */
  constructor(readonly capacity: number) {
    const array = () => new Int32Array(capacity);
    [this.#columnOf, this.#rowOf, this.#rowLabel, this.#columnLabel] = [
      array(),
      array(),
      array(),
      array(),
    ];
    [this.#rows, this.#columns, this.#parents] = [array(), array(), array()];
    [this.#reached, this.#reachedFrom] = [array(), array()];
    this.#inTree = new Uint8Array(capacity);
    this.#isReached = new Uint8Array(capacity);
  }

  run(n: number, weights: Int32Array): Int32Array {
    this.#n = n;
    this.#weights = weights;
    this.#columnOf.fill(-1, 0, n);
    this.#rowOf.fill(-1, 0, n);
    this.#columnLabel.fill(0, 0, n);
    for (let i = 0; i < n; i++) {
      let most = 0;
      for (let at = i * n; at < i * n + n; at++) if (weights[at]! > most) most = weights[at]!;
      this.#rowLabel[i] = most;
    }
    for (let row = 0; row < n; row++) this.#matchRow(row);
    return this.#columnOf.subarray(0, n);
  }

  /** Gives a free row a column; other rows may change theirs. */
  #matchRow(root: number): void {
    this.#inTree.fill(0, 0, this.#n);
    this.#columnCount = 0;
    this.#rows[0] = root;
    this.#rowCount = 1;
    this.#reachAll();
    // Columns in the tree are reached ones, and each is taken in its turn.
    for (let next = 0;;) {
      if (this.#reachedCount === this.#columnCount) {
        this.#relabel();
        this.#reachAll();
        next = 0;
      }
      while (this.#inTree[this.#reached[next]!] === 1) next++;
      const column = this.#reached[next]!;
      this.#inTree[column] = 1;
      this.#parents[this.#columnCount] = this.#reachedFrom[next]!;
      this.#columns[this.#columnCount++] = column;
      const row = this.#rowOf[column]!;
      if (row < 0) return this.#augment();
      this.#rows[this.#rowCount++] = row;
      this.#reachFrom(this.#rowCount - 1);
    }
  }

  #reachAll(): void {
    this.#isReached.fill(0, 0, this.#n);
    this.#reachedCount = 0;
    for (let position = 0; position < this.#rowCount; position++) this.#reachFrom(position);
  }

  #reachFrom(position: number): void {
    const n = this.#n;
    const row = this.#rows[position]!;
    const label = this.#rowLabel[row]!;
    for (let j = 0; j < n; j++) {
      if (this.#isReached[j] === 1) continue;
      if (label + this.#columnLabel[j]! !== this.#weights[row * n + j]!) continue;
      this.#isReached[j] = 1;
      this.#reached[this.#reachedCount] = j;
      this.#reachedFrom[this.#reachedCount++] = position;
    }
  }

  /** Changes labels by the least that lets the tree reach another column. */
  #relabel(): void {
    const n = this.#n;
    let least = Infinity;
    for (let position = 0; position < this.#rowCount; position++) {
      const row = this.#rows[position]!;
      for (let j = 0; j < n; j++) {
        if (this.#inTree[j] === 1) continue;
        const slack = this.#rowLabel[row]! + this.#columnLabel[j]! - this.#weights[row * n + j]!;
        if (slack < least) least = slack;
      }
    }
    for (let k = 0; k < this.#rowCount; k++) this.#rowLabel[this.#rows[k]!]! -= least;
    for (let k = 0; k < this.#columnCount; k++) this.#columnLabel[this.#columns[k]!]! += least;
  }

  /** Turns the path from the last column of the tree to its root around. */
  #augment(): void {
    let column = this.#columns[this.#columnCount - 1]!;
    for (let k = this.#columnCount - 1; k >= 0; k--) {
      if (this.#columns[k] !== column) continue;
      const row = this.#rows[this.#parents[k]!]!;
      const before = this.#columnOf[row]!;
      this.#columnOf[row] = column;
      this.#rowOf[column] = row;
      column = before;
      if (this.#parents[k] === 0) return;
    }
  }
}

/** Kept from call to call: matchings are many and small. */
let search = new Search(64);
