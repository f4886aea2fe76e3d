/** What a twin wrote: the two paths of `deno task eval ID --gt PATH --pred PATH`. */
export interface TwinFiles {
  readonly gt: string;
  readonly pred: string;
  /** Further arguments of the command, e.g. `["--version", "v1.0-trainval"]`. */
  readonly args: readonly string[];
  /** What was written, e.g. `{ samples: 6000, boxes: 580_000 }`. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * A synthetic twin of a benchmark's data: ground truth and predictions in the official raw format,
 * at any size, the same bytes for the same seed, so that converters, metrics and benchmarks can be
 * tried at full scale without a download.
 */
export interface Twin {
  /** Id of the benchmark that scores it. */
  readonly benchmark: string;
  /** What `size` counts: "frames", "samples", "images", "documents". */
  readonly unit: string;
  /** The size at which the official tool was timed, and the seconds it took; undefined if never. */
  readonly official: { readonly size: number; readonly seconds: number } | undefined;
  /**
   * Writes the files into the empty folder `out`.
   *
   * @param size Number of `unit`s.
   */
  write(out: string, size: number, seed: number): Promise<TwinFiles>;
}
