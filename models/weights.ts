/** The numbers of a network's parameters: from a checkpoint, or seeded ones. */
import { InputError } from "../std/errors.ts";
import { elements, parametersOf } from "./count.ts";
import type { Parameter } from "./layer.ts";
import type { Network } from "./network.ts";
import { randomFloats } from "./random.ts";

/** Parameters by the authors' names, in their layouts. */
export interface Weights {
  get(name: string): Float32Array;
}

/** A tensor of a checkpoint. */
export interface StateTensor {
  readonly shape: readonly number[];
  /** The values as f32, made on each call where they are stored in another type. */
  floats(): Float32Array;
}

/** A checkpoint: tensors by name. */
export type State = ReadonlyMap<string, StateTensor>;

/** Counters that PyTorch stores and evaluation never reads. */
const COUNTERS = /(^|\.)num_batches_tracked$/;
/** Put before every name by PyTorch's data-parallel wrappers. */
const WRAPPER = "module.";
/** Of each kind of mismatch, so many names are written out. */
const SHOWN = 8;

/**
 * The parameters of `network` out of a checkpoint.
 *
 * @param path of the checkpoint, for the error text
 * @throws {InputError} Parameters are missing, unexpected or of another shape: all are listed. `get`
 * throws one for a value that is not finite.
 */
export function weightsFrom(network: Network, checkpoint: State, path: string): Weights {
  const state = unwrapped(checkpoint);
  const wanted = parametersOf(network);
  const names = new Set(wanted.map(({ name }) => name));
  const optional = new Set(network.unused.map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !state.has(name) && !optional.has(name));
  const unexpected = [...state.keys()].filter((name) => !names.has(name) && !COUNTERS.test(name));
  const misshapen = wanted.filter(({ name, shape }) =>
    state.has(name) && `${state.get(name)!.shape}` !== `${shape}`
  );
  const problems = [
    list(`${missing.length} missing`, missing.map(({ name, shape }) => `${name} (${shape})`)),
    list(`${unexpected.length} unexpected`, unexpected),
    list(
      `${misshapen.length} of another shape`,
      misshapen.map(({ name, shape }) =>
        `${name} is (${state.get(name)!.shape}), (${shape}) is needed`
      ),
    ),
  ].filter((text) => text !== "");
  if (problems.length > 0) {
    throw new InputError(
      `Cannot load "${path}" into ${network.name}: of its tensors ${problems.join("; ")}`,
    );
  }
  return { get: (name) => finite(state.get(name)!.floats(), name, path) };
}

/** A network with one such value gives no answer, and would score without a word. */
function finite(values: Float32Array, name: string, path: string): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new InputError(
    `Cannot load "${path}": ${name} has the value ${
      values[at]
    } at ${at}, and finite ones are needed`,
  );
}

const list = (what: string, names: readonly string[]) => {
  if (names.length === 0) return "";
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `${what}: ${names.slice(0, SHOWN).join(", ")}${more}`;
};

function unwrapped(state: State): State {
  const names = [...state.keys()];
  if (names.length === 0 || !names.every((name) => name.startsWith(WRAPPER))) return state;
  return new Map(state.entries().map(([name, tensor]) => [name.slice(WRAPPER.length), tensor]));
}

/**
 * Seeded weights that keep the size of features from layer to layer, so that every type can hold
 * them. Their predictions mean nothing.
 */
export function randomWeights(network: Network, seed: number): Weights {
  const seeds = new Map(parametersOf(network).map((parameter, i) => [parameter.name, i]));
  const known = new Map(parametersOf(network).map((parameter) => [parameter.name, parameter]));
  return {
    get(name) {
      const parameter = known.get(name);
      if (parameter === undefined) throw new RangeError(`${network.name} has no parameter ${name}`);
      return randomParameter(parameter, seed + seeds.get(name)!);
    },
  };
}

function randomParameter(parameter: Parameter, seed: number): Float32Array {
  const { name } = parameter;
  const values = randomFloats(elements(parameter), seed);
  if (parameter.terms === undefined) {
    // A scale or a variance is around 1, a shift or a mean around 0.
    const centre = /\.(weight|running_var)$/.test(name) ? 1 : 0;
    return values.map((value) => centre + value / 4);
  }
  // Uniform values have a variance of 1/3, and a ReLU takes half of the rest.
  const gain = Math.sqrt(6 / (parameter.terms));
  return values.map((value) => value * gain);
}
