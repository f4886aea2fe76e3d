/** What is to be scored: the two paths as the user gave them, and the benchmark's own options. */
export interface Request {
  readonly gt: string;
  readonly pred: string;
  /** Every option of the benchmark by name without dashes; defaults are filled in. */
  readonly options: Readonly<Record<string, string>>;
}

/** An option with a closed list of values, e.g. `--split valid`. */
export interface Choice {
  readonly choices: readonly string[];
  readonly fallback: string;
  readonly help: string;
}

/** An option whose values no list can hold, e.g. `--classes 20`. */
export interface FreeText {
  /** What stands for the value in `--help`, e.g. `N`. */
  readonly value: string;
  /** Used when the option is not given; the option must be given when there is none. */
  readonly fallback?: string;
  readonly help: string;
  /** What is needed instead of `text`, e.g. "a whole number from 1 on", or undefined if it is fine. */
  needed(text: string): string | undefined;
}

export type Option = Choice | FreeText;

/** The work of a run, cut into items that any thread can score. */
export interface Plan<Item> {
  /** Crosses threads by structured clone. */
  readonly items: readonly Item[];
  /** Rough time of all items on one core; a thread that would not pay for itself is not started. */
  readonly estimatedSeconds: number;
  readonly warnings: readonly string[];
}

/** Scores items one after the other. Owns its buffers, so each thread has one. */
export interface Scorer<Item, State> {
  /** Counts so far; crosses threads by structured clone. */
  readonly state: State;
  /**
   * Reads and scores an item.
   *
   * @throws {InputError} A file cannot be read or scored; the text names it.
   */
  score(item: Item): void | Promise<void>;
}

/** Scores under the names that are published, and what a reader should know about them. */
export interface Outcome {
  /** What was scored beside the two paths and the options, e.g. `{ files: 4 }`. */
  readonly inputs: Readonly<Record<string, number | string>>;
  /** In the order the devkit prints them. */
  readonly metrics: Readonly<Record<string, number>>;
  /** By class name, then by metric name. */
  readonly perClass: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly warnings: readonly string[];
  /** How much was scored, for the rate: `{ count: 12_000_000, unit: "points" }`. */
  readonly work: { readonly count: number; readonly unit: string };
}

/** How a published benchmark finds its files, reads and scores them, and names its results. */
export interface Benchmark<Item, State> {
  /** One line for `--list` and `--help`. */
  readonly summary: string;
  /** What the two paths must be, one line each. */
  readonly paths: { readonly gt: string; readonly pred: string };
  readonly options: Readonly<Record<string, Option>>;
  /** The tool and version whose numbers the results equal. */
  reference(request: Request): string;
  /** Version of the metric that is computed; it moves when a score does. */
  metricVersion(request: Request): number;
  /**
   * Finds the files.
   *
   * @throws {InputError} Something needed is missing or does not fit together.
   */
  plan(request: Request): Plan<Item> | Promise<Plan<Item>>;
  scorer(request: Request): Scorer<Item, State>;
  /** Adds `from` into `into`. The order of merges never changes a result. */
  merge(request: Request, into: State, from: State): void;
  outcome(request: Request, plan: Plan<Item>, state: State): Outcome;
}

/** A benchmark whose items and state only it knows. */
export type AnyBenchmark = Benchmark<unknown, unknown>;
