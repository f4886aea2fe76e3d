import type { Scan } from "./scan.ts";
import type { ScanMetadata } from "./schema.ts";

/** A data set that can be converted from the files its authors publish. */
export interface Dataset {
  readonly metadata: ScanMetadata;
  /** The options of {@linkcode ConvertOptions} that make sense for it. */
  readonly options: readonly ("sequences" | "velodyne")[];
  /**
   * The parts under `src`, each of which becomes a file, after all that the sizes and names of the
   * source files can tell was checked.
   *
   * @throws {InputError} when a folder or file is missing or has an impossible size.
   */
  parts(src: string, options: ConvertOptions): Promise<Part[]>;
}

/** A part of a data set: a sequence or a split. */
export interface Part {
  /** Ends the file name: "<dataset>-<name>.arrow". */
  readonly name: string;
  /** Number of scans. */
  readonly length: number;
  /** Reads the scans one at a time; rejects with an InputError at the first bad one. */
  scans(): AsyncIterable<Scan>;
}

export interface ConvertOptions {
  /** Drop points with a NaN or infinite value, with their labels, instead of refusing the scan. */
  readonly dropInvalid: boolean;
  /** Only these sequences or splits, for example "00", "training"; all when absent. */
  readonly sequences?: readonly string[];
  /** Name of the folder of scans, where a data set has more than one. */
  readonly velodyne?: string;
  /** Told what is unusual but no error, one line each. */
  readonly warn: (text: string) => void;
  /** Told how many points of a scan were dropped. */
  readonly dropped: (points: number) => void;
}
