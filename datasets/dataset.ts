import type { ScanMetadata } from "./metadata.ts";
import type { Scan } from "./scan.ts";

/** A data set that can be converted from the files its authors publish. */
export interface Dataset {
  readonly metadata: ScanMetadata;
  /** The choices of {@linkcode ConvertChoices} that make sense for it. */
  readonly options: readonly (keyof ConvertChoices)[];
  /** What its files say of it, where that depends on the source: names of classes. */
  metadataOf?(src: string): Promise<ScanMetadata>;
  /**
   * The parts under `src`, each of which becomes one or more files, after all that the sizes and
   * names of the source files can tell was checked.
   *
   * @throws {InputError} when a folder or file is missing or has an impossible size.
   */
  parts(src: string, options: ConvertOptions): Promise<Part[]>;
}

/** A part of a data set: a sequence or a split. */
export interface Part {
  /** Stands in the file name: "<dataset>-<name>.arrow". */
  readonly name: string;
  /** Number of scans. */
  readonly length: number;
  /**
   * Changes when the source files do: what a resumed conversion compares. {@linkcode fingerprint}
   * makes one of names and sizes.
   */
  readonly key: string;
  /** Reads scans `from` to `to` - 1 one at a time; rejects with an InputError at the first bad one. */
  scans(from: number, to: number): AsyncIterable<Scan>;
}

/** Choices that some data sets have. */
export interface ConvertChoices {
  /** Only these sequences, scenes or splits, for example "00", "training"; all when absent. */
  readonly sequences?: readonly string[];
  /** Name of the folder of scans, where a data set has more than one. */
  readonly velodyne?: string;
  /** Which release, for example "v1.0-trainval". */
  readonly version?: string;
  /** How many sweeps are aggregated into a scan, itself included; 1 when absent. */
  readonly sweeps?: number;
  /** False leaves the images out and keeps the calibration; true when absent. */
  readonly images?: boolean;
}

export interface ConvertOptions extends ConvertChoices {
  /** Drop points with a NaN or infinite value, with their labels, instead of refusing the scan. */
  readonly dropInvalid: boolean;
  /** Told what is unusual but no error, one line each. */
  readonly warn: (text: string) => void;
  /** Told how many points of a scan were dropped. */
  readonly dropped: (points: number) => void;
}
