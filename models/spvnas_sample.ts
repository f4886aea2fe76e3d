/** Samples of SPVNAS' search space: from the authors' net.config, at random, and out of its weights. */
import { InputError } from "../std/errors.ts";
import { parametersOf } from "./count.ts";
import {
  HALF,
  largestSample,
  LEAST_CHANNELS,
  MOST_CHANNELS,
  MOST_DEPTH,
  spvnas,
  type SpvnasSample,
  stageName,
} from "./nets/spvnas.ts";
import type { State, StateTensor } from "./weights.ts";

/**
 * Reads a net.config: `output_channels`, and for every stage its transition, depth and the channels
 * inside its blocks, under the names of the authors' modules.
 *
 * @throws {InputError} An entry is missing, or no width or depth of the search space.
 */
export function parseNetConfig(config: unknown, name: string): SpvnasSample {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new InputError(`Cannot read ${name} as a net.config: it is no JSON object`);
  }
  const found = config as Record<string, unknown>;
  const integer = (key: string, value: unknown, most: number): number => {
    if (Number.isSafeInteger(value) && value as number >= 1 && value as number <= most) {
      return value as number;
    }
    throw new InputError(
      `Cannot read ${name} as a net.config: "${key}" is ${JSON.stringify(value)}, and a whole ` +
        `number from 1 to ${most} is needed`,
    );
  };
  const widths = found["output_channels"];
  const outputs = MOST_CHANNELS.map((most, i) =>
    integer(`output_channels[${i}]`, Array.isArray(widths) ? widths[i] : undefined, most)
  );
  const entry = (key: string, most: number) => integer(key, found[key], most);
  return {
    classes: entry("num_classes", 256),
    outputs,
    stages: largestSample().stages.map(({ transition, middles }, i) => {
      const stage = stageName(i);
      const depth = entry(`${stage}.feature`, MOST_DEPTH);
      return {
        transition: entry(`${stage}.transition`, transition),
        middles: middles.slice(0, depth).map((most, j) =>
          entry(`${stage}.feature.layers.${j}.net.layers.0`, most)
        ),
      };
    }),
  };
}

/** The net.config of a sample: the inverse of {@linkcode parseNetConfig}, unused entries null. */
export function netConfig({ classes, outputs, stages }: SpvnasSample): Record<string, unknown> {
  const config: Record<string, unknown> = {
    "num_classes": classes,
    pres: 0.05,
    vres: 0.05,
    "macro_depth_constraint": 1,
    "output_channels": outputs,
  };
  stages.forEach(({ transition, middles }, i) => {
    const [stage, out] = [stageName(i), outputs[i + 1]!];
    config[`${stage}.transition`] = transition;
    config[`${stage}.feature`] = middles.length;
    for (let j = 0; j < MOST_DEPTH; j++) {
      const block = `${stage}.feature.layers.${j}`;
      const used = j < middles.length;
      config[`${block}.net`] = used ? 2 : null;
      config[`${block}.net.layers.0`] = middles[j] ?? null;
      config[`${block}.net.layers.1`] = used ? out : null;
      if (j === 0) config[`${block}.downsample`] = out;
    }
  });
  [HALF, HALF + 2, 2 * HALF].forEach((i, k) => config[`point_transforms.${k}`] = outputs[i]);
  return config;
}

/** Widths of the search space are multiples of this. */
const STEP = 16;
/** Of the widest, what a layer inside a stage has at least. */
const LEAST_SHARE = 0.125;

const divisible = (width: number) => Math.max(STEP, Math.floor(width / STEP) * STEP);

/** A sample by the authors' rules; `random` gives numbers in [0, 1). */
export function randomSample(random: () => number, leastDepth = 1, classes = 19): SpvnasSample {
  const outputs = MOST_CHANNELS.map((most, i) => {
    const least = LEAST_CHANNELS[i]!;
    return i === 0 ? most : divisible(least + Math.floor(random() * (most - least + 1)));
  });
  const inner = (most: number) =>
    divisible(Math.floor((LEAST_SHARE + random() * (1 - LEAST_SHARE)) * most));
  const stages = largestSample().stages.map(({ transition, middles }) => {
    const depth = leastDepth + Math.floor(random() * (MOST_DEPTH - leastDepth + 1));
    return { transition: inner(transition), middles: middles.slice(0, depth).map(inner) };
  });
  return { classes, outputs, stages };
}

/**
 * The weights of a sample out of those of the super network: the first channels of each layer, but
 * where a stage reads two values side by side, the first of each.
 */
export function determinise(state: State, sample: SpvnasSample): State {
  const wide = largestSample(sample.classes);
  const part = new Map<string, StateTensor>();
  for (const { name, shape } of parametersOf(spvnas(sample))) {
    const source = state.get(superName(name));
    if (source === undefined) {
      throw new InputError(`Cannot slice the super network: it has no ${superName(name)}`);
    }
    const inputs = inputRows(name, sample, wide);
    part.set(name, { shape, floats: () => sliced(source, shape, inputs) });
  }
  return part;
}

/** What the authors' super network calls a parameter of a determinised one. */
function superName(name: string): string {
  return name
    .replace(/\.feature\.(\d)\.net\.(\d)\.net\./, ".feature.layers.$1.net.layers.$2.net.")
    .replace(/\.feature\.(\d)\.downsample\./, ".feature.layers.$1.downsample.")
    .replace(/\.net\.bn\./, ".net.bn.bn.")
    .replace(/^(point_transforms\.\d\.net\.conv)\./, "$1.linear.");
}

/** Which input rows of the widest weight a first up block reads; null for the first ones. */
function inputRows(name: string, sample: SpvnasSample, wide: SpvnasSample): number[] | null {
  const found = /^upsample\.(\d)\.feature\.0\.(net\.0|downsample)\.net\.conv/.exec(name);
  if (found === null) return null;
  const i = Number(found[1]);
  const range = (first: number, count: number) =>
    Array.from({ length: count }, (_, j) => first + j);
  return [
    ...range(0, sample.stages[HALF + i]!.transition),
    ...range(wide.stages[HALF + i]!.transition, sample.outputs[HALF - 1 - i]!),
  ];
}

/** The first entries along each axis, or some rows of the one before the last. */
function sliced(
  source: StateTensor,
  shape: readonly number[],
  inputs: readonly number[] | null,
): Float32Array {
  const all = source.floats();
  const out = new Float32Array(shape.reduce((product, n) => product * n, 1));
  const [cout, cin, outer] = [shape.at(-1) ?? 1, shape.at(-2) ?? 1, shape.at(-3) ?? 1];
  const [wideOut, wideIn] = [source.shape.at(-1) ?? 1, source.shape.at(-2) ?? 1];
  for (let k = 0; k < outer; k++) {
    for (let i = 0; i < cin; i++) {
      const from = (k * wideIn + (inputs?.[i] ?? i)) * wideOut;
      out.set(all.subarray(from, from + cout), (k * cin + i) * cout);
    }
  }
  return out;
}
