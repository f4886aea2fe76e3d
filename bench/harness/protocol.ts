/**
 * How long to warm up, how often to run, and which number stands for the runs: our policy, and those
 * of the papers whose tables are shown beside ours.
 */
import { OUR_PROTOCOL } from "../../reports/protocol.ts";
import type { BenchContext } from "../../reports/schema.ts";
import { unknownName } from "../../std/errors.ts";

/** As a result stores it. */
export type Protocol = NonNullable<BenchContext["protocol"]>;

/** By name, in the order of `--help`. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  [OUR_PROTOCOL]: {
    name: OUR_PROTOCOL,
    source: "bench/README.md",
    warmUps: 3,
    samples: null,
    figure: "median",
    kept: null,
    cache: "cold",
  },
  sparsevit: {
    name: "sparsevit",
    source: "thesis, section 2.1.4",
    warmUps: 500,
    samples: 500,
    figure: "mean of the middle",
    kept: 250,
    cache: "warm",
  },
  spconv: {
    name: "spconv",
    source: "spconv, spconv/benchmark/basic.py, forward",
    warmUps: 50,
    samples: 50,
    figure: "mean",
    kept: null,
    cache: "warm",
  },
  flexgemm: {
    name: "flexgemm",
    source: "FlexGEMM, tests/submconv/train_benchmark.py",
    warmUps: 2,
    samples: 20,
    figure: "mean",
    kept: null,
    cache: "warm",
  },
  minuet: {
    name: "minuet",
    source: "Minuet, scripts of its artifact: ten rounds over each scan",
    warmUps: 3,
    samples: 10,
    figure: "geometric mean",
    kept: null,
    cache: "warm",
  },
  spira: {
    name: "spira",
    source: "Spira, scripts of its artifact: four rounds over each scan",
    warmUps: 3,
    samples: 4,
    figure: "mean",
    kept: null,
    cache: "warm",
  },
};

/** The one that is used when none is asked for. */
export const OURS = PROTOCOLS[OUR_PROTOCOL]!;

/** @throws {InputError} There is none of that name. */
export function protocolOf(name: string): Protocol {
  if (!Object.hasOwn(PROTOCOLS, name)) {
    throw unknownName("protocol", name, Object.keys(PROTOCOLS));
  }
  return PROTOCOLS[name]!;
}

/** The number that a protocol makes of at least one sample. */
export function figureOf(
  { figure, kept }: Pick<Protocol, "figure" | "kept">,
  samples: readonly number[],
  median: number,
): number {
  switch (figure) {
    case "median":
      return median;
    case "mean":
      return mean(samples);
    case "geometric mean":
      return Math.exp(mean(samples.map(Math.log)));
    case "mean of the middle":
      return mean(middle(samples, kept ?? samples.length));
  }
}

/** The `count` samples in the middle of their order of size. */
function middle(samples: readonly number[], count: number): number[] {
  const first = Math.max(0, Math.floor((samples.length - count) / 2));
  return [...samples].sort((a, b) => a - b).slice(first, first + count);
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
