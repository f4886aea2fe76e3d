/**
 * How the published engines train, as settings of ours: their types, and the dataflows of the
 * forward pass and of the gradient of the input. The gradient of the weights has one kernel here,
 * which all of them share in the tile that the library chooses; `tuned` runs it as it was found.
 */
import type { Feature } from "../../ffi/mod.ts";
import type { Dataflow, LayerSize } from "../../models/dataflow.ts";
import { minkowskiDataflow, type Profile, PROFILES } from "./profiles.ts";

/** A dataflow for each of the two. */
export interface Dataflows {
  readonly forward: Dataflow;
  readonly dgrad: Dataflow;
}

/** An engine in a training. */
export interface TrainingProfile {
  readonly name: string;
  readonly about: string;
  readonly maps: Profile["maps"];
  /** Of features, weights and the gradients of features; those of weights are f32. */
  readonly dtype: Feature;
  /**
   * A rule for every layer, candidates that are timed for each group of layers and each direction,
   * or what `deno task bench tune --training` has found.
   */
  readonly conv:
    | ((size: LayerSize) => Dataflows)
    | { readonly candidates: readonly Dataflows[] }
    | "tuned";
}

/** MinkowskiEngine's choice for the gradient of a layer of that size (convolution_kernel.cu). */
export function minkowskiGradient({ cin, cout, inputs }: LayerSize): Dataflow {
  const direct = cin <= 20 || (cin === 32 && cout === 64 && inputs <= 490_540) ||
    (inputs <= 30_612 && cout <= 160);
  return { variant: direct ? "fetch" : "gather" };
}

/** TorchSparse++ has no gradient by fetching on demand: it gathers and scatters instead. */
function withGradient(forward: Dataflow): Dataflows {
  return { forward, dgrad: forward.variant === "fetch" ? { variant: "gather" } : forward };
}

/** How a profile trains. */
export function trainingOf({ conv }: Profile): TrainingProfile["conv"] {
  if (conv === "tuned") return conv;
  if (typeof conv === "object") return { candidates: conv.candidates.map(withGradient) };
  const gradient = conv === minkowskiDataflow ? minkowskiGradient : conv;
  return (size) => ({ forward: conv(size), dgrad: gradient(size) });
}

/** All profiles. */
export const TRAINING_PROFILES: readonly TrainingProfile[] = PROFILES.map((profile) => ({
  name: profile.name,
  about: profile.about,
  maps: profile.maps,
  conv: trainingOf(profile),
  // MinkowskiEngine has no 16-bit kernels: mixed precision leaves its layers in f32.
  dtype: profile.name === "minkowski" ? "f32" : "f16",
}));

/** The profile of that name. */
export function trainingProfile(name: string): TrainingProfile {
  const found = TRAINING_PROFILES.find((profile) => profile.name === name);
  if (found === undefined) throw new RangeError(`Cannot train on engine "${name}": there is none`);
  return found;
}
