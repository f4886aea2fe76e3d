/** Pruned weights, as the Diet paper makes them: the smallest numbers of all layers become 0. */
import { InputError } from "../std/errors.ts";
import { countParams, elements } from "./count.ts";
import { Conv } from "./layers/conv.ts";
import type { Network } from "./network.ts";
import type { State, Weights } from "./weights.ts";

/** The weights that may be pruned: those of convolutions; biases and batch norms stay. */
export function prunable({ layers }: Network): string[] {
  return layers.flatMap((layer) => layer instanceof Conv ? [layer.spec.weight] : []);
}

/**
 * L1, global ("L1G"): of all prunable weights together, the share of `rate` with the smallest
 * magnitude is 0. Of equal magnitudes at the border all are kept.
 */
export function pruneGlobally(network: Network, weights: Weights, rate: number): Weights {
  if (!(rate >= 0 && rate < 1)) {
    throw new InputError(`Cannot prune a share of ${rate}: 0 or more and less than 1 is needed`);
  }
  const names = prunable(network);
  const all = new Map(names.map((name) => [name, weights.get(name)]));
  const threshold = magnitudeAt([...all.values()], rate);
  const pruned = new Map(
    all.entries().map(([name, values]) => [
      name,
      values.map((value) => Math.abs(value) < threshold ? 0 : value),
    ]),
  );
  return { get: (name) => pruned.get(name) ?? weights.get(name) };
}

/** Weights times a mask of the same names and shapes, whose values are 0 or 1. */
export function masked(network: Network, weights: Weights, masks: State): Weights {
  const known = new Set(prunable(network));
  const stray = [...masks.keys()].find((name) => !known.has(name));
  if (stray !== undefined) {
    throw new InputError(`Cannot mask ${network.name}: it has no convolution weight "${stray}"`);
  }
  return {
    get(name) {
      const values = weights.get(name);
      const mask = masks.get(name)?.floats();
      if (mask === undefined) return values;
      if (mask.length !== values.length || mask.some((value) => value !== 0 && value !== 1)) {
        throw new InputError(
          `Cannot mask "${name}": ${values.length} values of 0 or 1 are needed, ${mask.length} ` +
            "values are there",
        );
      }
      return values.map((value, i) => value * mask[i]!);
    },
  };
}

/** Offsets of a 3x3x3 kernel in a layer of z, x fastest, and the one on the z axis among them. */
const [LAYER, ON_AXIS] = [9, 4];

/**
 * Weights without the offsets off the z axis, in the 3x3x3 layers of some modules (Diet, Table 6).
 * Only for MinkowskiEngine's weights, in which an offset's z changes last.
 *
 * @param modules first parts of the layers' names: "block8"
 */
export function alongZ({ layers }: Network, weights: Weights, modules: readonly string[]): Weights {
  const cut = new Map(
    layers.filter((layer) => layer instanceof Conv)
      .filter(({ name, kernel, spec: { layout } }) =>
        layout === "minkowski" && kernel.every((size) => size === 3) &&
        modules.includes(name.split(".")[0]!)
      )
      .map(({ spec, from, to }) => [spec.weight, from.channels * to.channels]),
  );
  return {
    get(name) {
      const values = weights.get(name);
      const size = cut.get(name);
      if (size === undefined) return values;
      return values.map((value, i) => Math.floor(i / size) % LAYER === ON_AXIS ? value : 0);
    },
  };
}

/** #Params that pruning a share of all convolution weights leaves. */
export function prunedParams(network: Network, rate: number): number {
  const convs = network.layers.filter((layer) => layer instanceof Conv);
  const weights = convs.reduce((sum, { parameters: [weight] }) => sum + elements(weight!), 0);
  return countParams(network) - Math.floor(rate * weights);
}

const HALF_BITS = 16;

/**
 * The magnitude that a share of all values lies below. The bits of a positive float order like an
 * integer: two passes over histograms of 16 bits find it without sorting.
 */
function magnitudeAt(arrays: readonly Float32Array[], rate: number): number {
  const rank = Math.floor(rate * arrays.reduce((sum, { length }) => sum + length, 0));
  const high = histogram(arrays, (bits) => bits >>> HALF_BITS);
  const { bin: top, below } = binOf(high, rank);
  const low = histogram(arrays, (bits) => bits >>> HALF_BITS === top ? bits & 0xffff : -1);
  const bits = (top << HALF_BITS) | binOf(low, rank - below).bin;
  return new Float32Array(Uint32Array.of(bits).buffer)[0]!;
}

function histogram(arrays: readonly Float32Array[], of: (bits: number) => number): Float64Array {
  const counts = new Float64Array(2 ** HALF_BITS);
  for (const { buffer, byteOffset, length } of arrays) {
    const bits = new Uint32Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) {
      const bin = of(bits[i]! & 0x7fffffff);
      if (bin >= 0) counts[bin]!++;
    }
  }
  return counts;
}

/** The bin that holds the value of a rank, and how many values lie in those before it. */
function binOf(counts: Float64Array, rank: number): { bin: number; below: number } {
  let below = 0;
  let bin = 0;
  while (bin < counts.length - 1 && below + counts[bin]! <= rank) below += counts[bin++]!;
  return { bin, below };
}
