/** How threads share the items of a plan: each takes the next index from a common counter. */
import { InputError } from "../std/errors.ts";
import type { Scorer } from "./benchmark.ts";

/** The next item to be taken, in memory that all threads see. */
export class Cursor {
  readonly #next: Int32Array<SharedArrayBuffer>;

  constructor(readonly memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#next = new Int32Array(memory);
  }

  /** Takes an item: its index, which is past the end when none is left. */
  take(): number {
    return Atomics.add(this.#next, 0, 1);
  }

  /** Items taken so far, which may be past the end. */
  get taken(): number {
    return Atomics.load(this.#next, 0);
  }

  /** Leaves nothing to take of `length` items. */
  stop(length: number): void {
    Atomics.store(this.#next, 0, length);
  }
}

/** Why an item could not be scored; crosses threads. */
export interface Failure {
  readonly index: number;
  /** False for a defect of ours: then `message` is its stack trace. */
  readonly input: boolean;
  readonly message: string;
}

/**
 * Scores items until none is left. The first failure empties the cursor; items are taken in order,
 * so of the failures of all threads the one with the lowest index is what one thread alone would
 * have met, whatever the number of threads.
 */
export async function scoreShare<Item>(
  scorer: Scorer<Item, unknown>,
  items: readonly Item[],
  cursor: Cursor,
  afterItem: () => Promise<void> | void = () => {},
): Promise<Failure | undefined> {
  for (let index = cursor.take(); index < items.length; index = cursor.take()) {
    try {
      await scorer.score(items[index]!);
    } catch (error) {
      cursor.stop(items.length);
      return failure(index, error);
    }
    await afterItem();
  }
  return undefined;
}

function failure(index: number, error: unknown): Failure {
  const input = error instanceof InputError;
  const message = error instanceof Error ? (input ? error.message : error.stack!) : String(error);
  return { index, input, message };
}

/** The error of the failure that one thread alone would have met first. */
export function firstError(failures: readonly Failure[]): Error {
  const first = failures.reduce((a, b) => (b.index < a.index ? b : a));
  return first.input ? new InputError(first.message) : new Error(first.message);
}
