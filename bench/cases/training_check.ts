/** What of a training step is compared with the reference: a part of what each kernel writes. */
import {
  type Context,
  geometry,
  sparseConv,
  sparseConvWgrad,
  weightTranspose,
} from "../../ffi/mod.ts";
import type { Direction } from "../../models/dataflow.ts";
import type { Conv } from "../../models/layers/conv.ts";
import type { Network } from "../../models/network.ts";
import type { Scene } from "../../models/scene.ts";
import {
  convsOf,
  hasDgrad,
  seeded,
  SEEDS,
  type StepProbe,
  swappedMap,
  volumeOf,
} from "../../models/training_layers.ts";
import type { Part } from "../harness/check.ts";
import { floatsOf } from "../harness/dtype.ts";
import { sampleRows } from "../harness/random.ts";
import { mapOfRows } from "./layer_map.ts";
import { rowsOf } from "./sparse_conv.ts";

/** Rows of an output or of the gradient of an input, and channels of the gradient of weights. */
const [CHECKED_ROWS, CHECKED_CHANNELS] = [48, 4];

const checkedRows = (rows: number) => sampleRows(rows, CHECKED_ROWS, 3);
const checkedChannels = (channels: number) => sampleRows(channels, CHECKED_CHANNELS, 4);
const partName = (pass: Direction, { name }: Conv) => `${pass} of ${name}`;

/** Some columns of rows of `width` values. */
function columnsOf(values: Float32Array, width: number, columns: Int32Array) {
  const rows = values.length / width;
  return Float32Array.from(
    { length: rows * columns.length },
    (_, i) => values[Math.floor(i / columns.length) * width + columns[i % columns.length]!]!,
  );
}

/** Keeps the compared part of all that a step writes. */
export function capturing(parts: Part[]): StepProbe {
  return (pass, conv, run, out) => {
    run();
    const all = floatsOf(out);
    const values = pass === "wgrad"
      ? blockOf(all, conv)
      : rowsOf(all, checkedRows(out.rows), out.shape[1]!);
    parts.push({ name: partName(pass, conv), values });
  };
}

/** The compared channels of a gradient [KV, Cin, Cout], of all offsets. */
function blockOf(gradient: Float32Array, conv: Conv): Float32Array {
  const [cin, cout] = [conv.from.channels, conv.to.channels];
  const kept = checkedChannels(cin);
  const rows = Int32Array.from(
    { length: volumeOf(conv) * kept.length },
    (_, i) => Math.floor(i / kept.length) * cin + kept[i % kept.length]!,
  );
  return columnsOf(rowsOf(gradient, rows, cout), cout, checkedChannels(cout));
}

/** What references read: a scan and the values that all steps seed. */
interface Reference {
  readonly cpu: Context;
  readonly scene: Scene;
  readonly feats: Float32Array;
  readonly gradOut: Float32Array;
}

const lengthOf = (scene: Scene, { space, channels }: Conv["to"]) => scene.rows(space) * channels;

/** The same parts, in the order of a step, as the references of the ops give them. */
export function expectedParts(cpu: Context, network: Network, scene: Scene): Part[] {
  const convs = convsOf(network);
  const longest = Math.max(
    ...convs.flatMap(({ from, to }) => [from, to]).map((value) => lengthOf(scene, value)),
  );
  // Shorter values are the beginning of longer ones of the same seed.
  const on = {
    ...{ cpu, scene },
    feats: seeded(longest, SEEDS.feats),
    gradOut: seeded(longest, SEEDS.gradOut),
  };
  const backward = [...convs.entries()].reverse().flatMap(([i, conv]) => [
    expectedWgrad(on, conv),
    ...hasDgrad(network, conv) ? [expectedRows("dgrad", on, conv, i)] : [],
  ]);
  return [
    ...convs.map((conv, i) => expectedRows("forward", on, conv, i)),
    ...backward,
  ];
}

/** Some rows of an output, or of the gradient of an input: a convolution as well. */
function expectedRows(
  pass: "forward" | "dgrad",
  { cpu, scene, feats, gradOut }: Reference,
  conv: Conv,
  index: number,
): Part {
  const forward = pass === "forward";
  const [from, to] = forward ? [conv.from, conv.to] : [conv.to, conv.from];
  const [kv, inputs] = [volumeOf(conv), scene.rows(from.space)];
  const rows = checkedRows(scene.rows(to.space));
  const shape = [kv, conv.from.channels, conv.to.channels];
  const values = seeded(shape.reduce((product, n) => product * n, 1), SEEDS.weight + index);
  const all = forward ? feats : gradOut;
  using weight = cpu.tensorFrom("f32", shape, values);
  using turned = cpu.tensor("f32", [kv, from.channels, to.channels]);
  if (!forward) weightTranspose(weight, turned, cpu.variant("weight_transpose", "ref"));
  using input = cpu.tensorFrom(
    "f32",
    [inputs, from.channels],
    all.subarray(0, lengthOf(scene, from)),
  );
  const some = mapOfRows(hostMap(scene, conv, !forward), rows);
  using map = cpu.tensorFrom("i32", [kv, rows.length], some);
  using out = cpu.tensor("f32", [rows.length, to.channels]);
  const ref = cpu.variant("sparse_conv", "ref");
  sparseConv(input, forward ? weight : turned, map, null, out, ref);
  return { name: partName(pass, conv), values: out.download() };
}

/** The gradient of weights between a few channels needs these channels alone. */
function expectedWgrad({ cpu, scene, ...values }: Reference, conv: Conv): Part {
  const columns = (value: Conv["to"], all: Float32Array) => {
    const kept = checkedChannels(value.channels);
    const own = all.subarray(0, lengthOf(scene, value));
    const some = columnsOf(own, value.channels, kept);
    return cpu.tensorFrom("f32", [scene.rows(value.space), kept.length], some);
  };
  using feats = columns(conv.from, values.feats);
  using gradOut = columns(conv.to, values.gradOut);
  using map = cpu.tensorFrom(
    "i32",
    [volumeOf(conv), gradOut.rows],
    hostMap(scene, conv, false).map,
  );
  using gradient = cpu.tensor("f32", [volumeOf(conv), feats.shape[1]!, gradOut.shape[1]!]);
  const ref = cpu.variant("sparse_conv_wgrad", "ref");
  sparseConvWgrad(feats, gradOut, map, null, gradient, ref);
  return { name: partName("wgrad", conv), values: gradient.download() };
}

/** The map of a layer or of its gradient; the rows themselves for a 1x1x1 one. */
function hostMap(scene: Scene, { map: key, to }: Conv, backwards: boolean) {
  if (key === null) {
    const outputs = scene.rows(to.space);
    return { map: Int32Array.from({ length: outputs }, (_, i) => i), outputs, layer: geometry(1) };
  }
  const map = scene.map(backwards ? swappedMap(key) : key);
  return { map: map.download(), outputs: map.shape[1]!, layer: key.by.layer };
}
