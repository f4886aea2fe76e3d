/**
 * Other engines as settings of ours: how each published system builds its maps and runs its
 * convolutions, by our kernels, in our types. They are re-implementations: what differs between two
 * rows of a table is the algorithm and nothing else.
 */
import type { Dataflow, LayerSize } from "../../models/dataflow.ts";

/** An engine. */
export interface Profile {
  readonly name: string;
  /** What it stands for and how, for the page. */
  readonly about: string;
  /** Variant of kernel_map; ours where the backend has no such one. */
  readonly maps: "hash" | "sorted";
  /**
   * A rule for every layer, the candidates that are timed for each group of layers, or what
   * `deno task bench tune` has found.
   */
  readonly conv:
    | ((size: LayerSize) => Dataflow)
    | { readonly candidates: readonly Dataflow[] }
    | "tuned";
}

/** Every second value of TorchSparse's search space. */
const EPSILONS = [0, 0.1, 0.3, 0.5];
const THRESHOLDS = [0, 5000, 25_000];

/** Epsilon and S of TorchSparse's adaptive grouping. */
export const GROUPED: readonly Dataflow[] = EPSILONS.flatMap((epsilon) =>
  THRESHOLDS.map((threshold) => ({ variant: "grouped", settings: { epsilon, threshold } }))
);

const MASKED: readonly Dataflow[] = [1, 2, 3, 4].map((splits) => ({
  variant: "masked",
  settings: { splits },
}));

/** MinkowskiEngine's choice between its two dataflows (convolution_kernel.cu). */
export function minkowskiDataflow({ cin, cout, inputs }: LayerSize): Dataflow {
  const direct = (cin === 32 && cout === 64 && inputs <= 490_537) || cout <= 20 ||
    (cout <= 40 && (inputs <= 295_625 || cin <= 12)) ||
    (cout > 40 && (cin <= 20 || (inputs <= 74_556 && cout <= 112)));
  return { variant: direct ? "fetch" : "gather" };
}

/** All profiles, ours last: as it comes, and tuned. */
export const PROFILES: readonly Profile[] = [
  {
    name: "minkowski",
    about:
      "MinkowskiEngine 0.5: hashed maps; offset by offset, rows read in place where its rule " +
      "on channels and rows says so, else gathered, multiplied and scattered",
    maps: "hash",
    conv: minkowskiDataflow,
  },
  {
    name: "spconv-1.2",
    about: "SpConv 1.2: hashed maps; gather, multiply, scatter for every offset",
    maps: "hash",
    conv: () => ({ variant: "gather" }),
  },
  {
    name: "torchsparse-mlsys",
    about:
      "TorchSparse (MLSys 2022): hashed maps; offsets grouped into products by epsilon and S, " +
      "searched for every group of layers that share a map",
    maps: "hash",
    conv: { candidates: GROUPED },
  },
  {
    name: "spconv-2",
    about:
      "SpConv 2.3: hashed maps; output-stationary with rows sorted by mask up to 32 offsets, " +
      "gather, multiply, scatter above",
    maps: "hash",
    conv: ({ kv }) =>
      kv <= 32 ? { variant: "masked", settings: { splits: 1 } } : { variant: "gather" },
  },
  {
    name: "torchsparse-pp",
    about:
      "TorchSparse++: hashed maps; for every group of layers that share a map the fastest of " +
      "unsorted, masked in 1 to 4 parts, fetch on demand, and grouped",
    maps: "hash",
    conv: {
      candidates: [
        { variant: "implicit" },
        ...MASKED,
        { variant: "fetch" },
        ...GROUPED.filter(
          ({ settings }) => settings?.epsilon === 0.3 && settings.threshold !== 0,
        ),
      ],
    },
  },
  {
    name: "voxmark",
    about: "ours: maps by sorted search, the default dataflow everywhere",
    maps: "sorted",
    conv: () => ({ variant: "implicit" }),
  },
  {
    name: "tuned",
    about: "ours, with the dataflows that deno task bench tune has found for this device",
    maps: "sorted",
    conv: "tuned",
  },
];

/** The profile of that name. */
export function profileOf(name: string): Profile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (found === undefined) throw new RangeError(`Cannot use engine "${name}": there is none`);
  return found;
}
