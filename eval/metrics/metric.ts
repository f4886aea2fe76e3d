/**
 * How one score is accumulated over a split, one sample at a time. A metric is pure: no files, no
 * clock, no native code, so that any stored state can be scored again anywhere.
 *
 * @typeParam Options What a state is made for, e.g. the number of classes.
 * @typeParam Sample What one update takes: typed arrays of one scene or a part of it.
 * @typeParam State A small plain object of typed arrays; it crosses threads by structured clone.
 * @typeParam Result The scores by position; the benchmark gives them their published names.
 */
export interface Metric<Options, Sample, State, Result> {
  readonly name: string;
  /** Bumped whenever a change moves a score; it is stored beside every result. */
  readonly version: number;
  /** The tool and the version of it that this metric equals to the last digit. */
  readonly reference: string;
  create(options: Options): State;
  update(state: State, sample: Sample): void;
  /** Adds `from` into `into`. The order of merges never changes a result. */
  merge(into: State, from: State): void;
  compute(state: State): Result;
}
