/** What a bench case is: an op at one size, described before it is run and checked before it is timed. */
import type { Context, Feature } from "../ffi/mod.ts";
import type { Part, Tolerance } from "./harness/check.ts";
import type { Scene } from "./harness/scene.ts";
import type { PeerLayer } from "./peers/layer_files.ts";

/** The backends that a result can come from. */
export type BenchBackend = "cpu" | "cuda";

/** The smallest run that a case is part of: `--quick`, the default tour, or only when asked for. */
export type Tier = "quick" | "tour" | "full";

/** What tells a case from its siblings, in the order the tables show it. */
export type Params = Readonly<Record<string, number | string>>;

/** What cases are prepared from. */
export interface Bench {
  /** Where the timed work runs. */
  readonly ctx: Context;
  /** Where the reference runs; the same context when the CPU is what is timed. */
  readonly cpu: Context;
  readonly scene: Scene;
}

/** One row of a table before its variants are known. */
export interface Case {
  readonly op: string;
  readonly tier: Tier;
  /** Element type of features and weights; f32 when not given. */
  readonly dtype?: Feature;
  /** Known without any work: names the case in `--list` and for `--filter`. */
  readonly params: Params;
  /** A whole network: `--quick` runs it on a sector of the scan. */
  readonly onSector?: true;
  /** Why `--quick` leaves it out, even where a table asks for it. */
  readonly notQuick?: string;
  /** Bytes of memory it takes, where that may be more than a machine has. */
  readonly memoryBytes?: number;
  /** Variant names where they are not those of a native op called `op`. */
  variants?(backend: BenchBackend): readonly string[];
  prepare(bench: Bench): Problem;
}

/** A case with its inputs made: host arrays only, so that it needs no disposing. */
export interface Problem {
  /** Sizes that only the data tells: voxels, pairs. Shown behind the case's own parameters. */
  readonly params: Params;
  /** Useful operations; null where counting them means nothing. */
  readonly flops: number | null;
  /** Bytes that a perfect implementation must move. */
  readonly bytes: number;
  /** Copies that rotate while timing; as many as leave nothing in cache when not given. */
  readonly copies?: number;
  /** How far floats may be from the reference; integers are always compared exactly. */
  tolerance(variant: string): Tolerance;
  /** Puts one copy of the inputs and outputs on a device; copies rotate while timing. */
  create(ctx: Context): Instance;
  /** The reference where running `ref` on the whole problem takes too long. */
  expected?(cpu: Context): Expected;
  /** The same for other engines; absent where none of them can do it. */
  readonly peer?: PeerProblem;
}

/** A problem as other engines get it. */
export interface PeerProblem {
  readonly layer: PeerLayer;
  /** What is compared, out of their output [M, cout] in our order of rows. */
  output(all: Float32Array): readonly Part[];
}

/** What the reference gives, and how long one whole run of it takes or would take. */
export interface Expected {
  readonly parts: readonly Part[];
  /** Infinity where it was not even tried. */
  readonly refMs: number;
}

/** One copy of a problem on a device. */
export interface Instance extends Disposable {
  /** The timed part of a variant: no allocation, no upload, no download. */
  bind(variant: string): () => void;
  /** What the last run wrote. */
  output(): readonly Part[];
}

/** Cases that the command line knows by one name. */
export interface Group {
  /** One line for `--list`. */
  readonly about: string;
  /** By op, the variant that speedups are against where it is not `ref`. */
  readonly baselines?: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

/** What names a case, and in a result each of its rows. */
export type CaseKey = Pick<Case, "op" | "params" | "dtype">;

/**
 * `op/params`, or `op/variant/params`: what `--list` shows and `--filter` is matched with. A type
 * other than f32 stands behind the parameters.
 */
export function caseName({ op, params, dtype = "f32" }: CaseKey, variant?: string): string {
  const all = dtype === "f32" ? params : { ...params, dtype };
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).join(",");
  return [op, variant, text].filter((part) => part !== undefined && part !== "").join("/");
}
