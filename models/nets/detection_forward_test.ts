import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { Context, type Feature } from "../../ffi/mod.ts";
import { depthOf } from "../count.ts";
import { featureTensor, floatsOf } from "../dtype.ts";
import { Model } from "../model.ts";
import type { Network } from "../network.ts";
import { randomFloats } from "../random.ts";
import {
  addVolumes,
  catPlanes,
  DenseReference,
  heightCompressed,
  type Plane,
  relu,
  type Steps,
  SUBMANIFOLD,
  type Volume,
} from "../reference_dense.ts";
import { Scene } from "../scene.ts";
import { randomWeights, type Weights } from "../weights.ts";
import { centerPoint } from "./centerpoint.ts";
import type { DetectionRange } from "./detection_range.ts";
import { lidarFusion } from "./bevfusion.ts";
import { second, secondOriginal, spvcnnSecond } from "./second.ts";

/** 32 x 16 x 40 voxels: a BEV map of 4 x 2 cells, of which no two axes are alike. */
const SMALL: DetectionRange = {
  low: [0, 0, 0],
  high: [32, 16, 40],
  voxel: [1, 1, 1],
  maxPoints: 5,
  maxVoxels: 1000,
};

/** A slope through the range, and voxels at its corners. */
function scene(channels: number): { coords: Int32Array; feats: Float32Array; volume: Volume } {
  const at = [[0, 0, 0], [31, 15, 39], [31, 15, 40]];
  for (let x = 0; x < 32; x++) {
    for (let y = 0; y < 16; y++) {
      if ((x * 7 + y * 5) % 9 < 3) at.push([x, y, 4 + Math.floor((x + y * 3) / 3)]);
    }
  }
  at.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);
  const distinct = [...new Map(at.map((cell) => [cell.join(), cell])).values()];
  const feats = randomFloats(distinct.length * channels, 3);
  const cells = new Map(distinct.map(([x, y, z], i) => [
    `${z},${y},${x}`,
    Float64Array.from(feats.subarray(i * channels, (i + 1) * channels)),
  ]));
  const coords = Int32Array.from(distinct.flatMap((cell) => [0, ...cell]));
  return { coords, feats, volume: { size: [41, 16, 32], cells } };
}

/** Outputs of a network on the CPU, one array of [X * Y, C] each. */
function outputsOf(
  network: Network,
  weights: Weights,
  channels: number,
  dtype: Feature = "f32",
): Float32Array[] {
  const { coords, feats } = scene(channels);
  using ctx = new Context("cpu", { threads: 2 });
  using on = ctx.tensorFrom("i32", [coords.length / 4, 4], coords);
  using input = featureTensor(ctx, dtype, [coords.length / 4, channels], feats);
  using model = new Model(ctx, network, weights, { dtype });
  using of = new Scene(ctx, { coords: on }, model.pool);
  // Points, where there are some, are the voxels.
  return model.forward(of, network.inputs.map(() => input)).map(floatsOf);
}

/** Largest difference as a share of the largest value; `found` is [X * Y, C], x slowest. */
function errorOf(found: Float32Array, { channels, height, width, values }: Plane): number {
  assertEquals(found.length, values.length);
  let [worst, scale] = [0, 0];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const expected = values[(c * height + y) * width + x]!;
        scale = Math.max(scale, Math.abs(expected));
        const difference = found[(x * height + y) * channels + c]! - expected;
        worst = Math.max(worst, Math.abs(difference));
      }
    }
  }
  return worst / scale;
}

const halving = (z: number): Steps => ({
  kernel: [3, 3, 3],
  stride: [2, 2, 2],
  padding: [z, 1, 1],
});
const LAST: Steps = { kernel: [3, 1, 1], stride: [2, 1, 1], padding: [0, 0, 0] };
const EPSILON = 1e-3;

/** Blocks of `names`, two of 6 layers: [5, 5] of all authors. */
function bevReference(
  net: DenseReference,
  from: Plane,
  [blocks, deblocks]: readonly [string, string],
  firstUp: "conv" | "deconv",
  count = 2,
): Plane {
  let x = from;
  const ups: Plane[] = [];
  for (let b = 0; b < count; b++) {
    for (let i = 0; i < 6; i++) {
      const at = `${blocks}.${b}.${1 + 3 * i}`;
      const stride = i === 0 && b === 1 ? 2 : 1;
      x = relu(net.norm(net.conv2d(x, at, { stride }), `${blocks}.${b}.${2 + 3 * i}`, EPSILON));
    }
    const name = `${deblocks}.${b}`;
    const up = b === 0 && firstUp === "conv"
      ? net.conv2d(x, `${name}.0`, { kernel: 1 })
      : net.deconv2d(x, `${name}.0`, b + 1);
    ups.push(relu(net.norm(up, `${name}.1`, EPSILON)));
  }
  return catPlanes(...ups);
}

Deno.test("second() gives what plain loops give", () => {
  const network = second(SMALL);
  const weights = randomWeights(network, 5);
  const net = new DenseReference(weights, "spconv2");
  const block = (x: Volume, name: string, channels: number, steps = SUBMANIFOLD) =>
    relu(net.norm(net.spconv(x, `${name}.0.weight`, channels, steps), `${name}.1`, EPSILON));
  let x = block(scene(4).volume, "backbone_3d.conv_input", 16);
  x = block(x, "backbone_3d.conv1.0", 16);
  for (const [i, channels] of [32, 64, 64].entries()) {
    const name = `backbone_3d.conv${i + 2}`;
    x = block(x, `${name}.0`, channels, halving(i === 2 ? 0 : 1));
    x = block(block(x, `${name}.1`, channels), `${name}.2`, channels);
  }
  x = block(x, "backbone_3d.conv_out", 128, LAST);
  assertEquals(x.size, [2, 2, 4]);
  const names = ["backbone_2d.blocks", "backbone_2d.deblocks"] as const;
  const bev = bevReference(net, heightCompressed(x), names, "deconv");
  const found = outputsOf(network, weights, 4);
  assertEquals(found.length, 3);
  for (const [i, part] of ["cls", "box", "dir_cls"].entries()) {
    const expected = net.conv2d(bev, `dense_head.conv_${part}`, { kernel: 1, bias: true });
    assertLess(errorOf(found[i]!, expected), 1e-4);
  }
});

/** Points [3] in voxels of level 0, and their features. */
interface Points {
  readonly at: readonly (readonly number[])[];
  readonly feats: readonly Float64Array[];
}

/** x plus the mean of the points in each voxel, which is 2^level wide; z, y, x. */
function withPoints(x: Volume, { at, feats }: Points, level: number): Volume {
  const cells = new Map([...x.cells].map(([key, row]) => {
    const inside = feats.filter((_, i) => at[i]!.map((v) => v >> level).join() === key);
    if (inside.length === 0) return [key, row];
    return [key, row.map((v, c) => v + inside.reduce((s, p) => s + p[c]!, 0) / inside.length)];
  }));
  return { ...x, cells };
}

/** The voxels around every point, by trilinear weights over those that are there. */
function aroundPoints(x: Volume, at: Points["at"], level: number): Float64Array[] {
  return at.map((point) => {
    const p = point.map((v) => v / 2 ** level);
    let total = 1e-8;
    let sum: Float64Array | null = null;
    for (let corner = 0; corner < 8; corner++) {
      const cell = p.map((v, d) => Math.floor(v) + (corner >> d & 1));
      const row = x.cells.get(cell.join());
      if (row === undefined) continue;
      const weight = cell.reduce((w, c, d) => w * (1 - Math.abs(p[d]! - c)), 1);
      total += weight;
      const before: Float64Array | null = sum;
      sum = row.map((v, c) => (before?.[c] ?? 0) + weight * v);
    }
    const channels = x.cells.values().next().value!.length;
    return sum?.map((v) => v / total) ?? new Float64Array(channels);
  });
}

Deno.test("spvcnnSecond() gives what plain loops give, voxels without points included", () => {
  const network = spvcnnSecond(SMALL);
  const weights = randomWeights(network, 9);
  const net = new DenseReference(weights, "spconv2");
  const { volume } = scene(4);
  const block = (x: Volume, name: string, channels: number, steps = SUBMANIFOLD) =>
    relu(net.norm(net.spconv(x, `${name}.0.weight`, channels, steps), `${name}.1`, EPSILON));
  let points: Points = {
    at: [...volume.cells.keys()].map((key) => key.split(",").map(Number)),
    feats: [...volume.cells.values()],
  };
  const beside = (x: Volume, level: number): Volume => {
    const name = `point_transforms.${level}`;
    const [weight, bias] = ["weight", "bias"].map((part) => weights.get(`${name}.0.${part}`));
    const cells = new Map(points.feats.map((row, i) => [
      `${i}`,
      Float64Array.from(
        bias!,
        (b, o) => row.reduce((sum, v, c) => sum + v * weight![o * row.length + c]!, b),
      ),
    ]));
    const own = [...relu(net.norm({ ...x, cells }, `${name}.1`, EPSILON)).cells.values()];
    const around = aroundPoints(x, points.at, level);
    const both = withPoints(x, { at: points.at, feats: own }, level);
    points = { at: points.at, feats: own.map((row, i) => row.map((v, c) => v + around[i]![c]!)) };
    return both;
  };
  let x = block(block(volume, "backbone_3d.conv_input", 16), "backbone_3d.conv1.0", 16);
  x = beside(x, 0);
  for (const [i, channels] of [32, 64, 64].entries()) {
    const name = `backbone_3d.conv${i + 2}`;
    x = block(x, `${name}.0`, channels, halving(i === 2 ? 0 : 1));
    x = beside(block(block(x, `${name}.1`, channels), `${name}.2`, channels), i + 1);
  }
  x = block(x, "backbone_3d.conv_out", 128, LAST);
  const names = ["backbone_2d.blocks", "backbone_2d.deblocks"] as const;
  const bev = bevReference(net, heightCompressed(x), names, "deconv");
  const found = outputsOf(network, weights, 4);
  const expected = net.conv2d(bev, "dense_head.conv_box", { kernel: 1, bias: true });
  assertLess(errorOf(found[1]!, expected), 1e-4);
});

Deno.test("secondOriginal() gives what plain loops give", () => {
  const network = secondOriginal(SMALL);
  const weights = randomWeights(network, 6);
  const net = new DenseReference(weights, "spconv1");
  const name = "middle_feature_extractor.middle_conv";
  let x = scene(4).volume;
  let at = 0;
  const add = (channels: number, steps = SUBMANIFOLD) => {
    const sum = net.spconv(x, `${name}.${at}.weight`, channels, steps);
    x = relu(net.norm(sum, `${name}.${at + 1}`, EPSILON));
    at += 3;
  };
  for (const channels of [16, 16]) add(channels);
  add(32, halving(1));
  for (const channels of [32, 32]) add(channels);
  add(64, halving(1));
  for (const channels of [64, 64, 64]) add(channels);
  add(64, halving(0));
  for (const channels of [64, 64, 64]) add(channels);
  add(64, LAST);
  const names = ["rpn.blocks", "rpn.deblocks"] as const;
  const bev = bevReference(net, heightCompressed(x), names, "deconv", 1);
  const found = outputsOf(network, weights, 4);
  for (const [i, part] of ["cls", "box", "dir_cls"].entries()) {
    const expected = net.conv2d(bev, `rpn.conv_${part}`, { kernel: 1, bias: true });
    assertLess(errorOf(found[i]!, expected), 1e-4);
  }
});

/** The four levels of residual blocks, by the names of CenterPoint. */
function residualReference(net: DenseReference, from: Volume): Volume {
  const block = (x: Volume, name: string, channels: number, steps = SUBMANIFOLD) =>
    relu(net.norm(net.spconv(x, `${name}.0.weight`, channels, steps), `${name}.1`, EPSILON));
  const half = (x: Volume, name: string, i: number, channels: number) => {
    const [weight, bias] = [`${name}.conv${i}.weight`, `${name}.conv${i}.bias`];
    const sum = net.spconv(x, weight, channels, SUBMANIFOLD, bias);
    return net.norm(sum, `${name}.bn${i}`, EPSILON);
  };
  let x = block(from, "backbone.conv_input", 16);
  for (const [i, channels] of [16, 32, 64, 128].entries()) {
    const name = `backbone.conv${i + 1}`;
    if (i > 0) x = block(x, name, channels, halving(i === 3 ? 0 : 1));
    for (const b of i === 0 ? [0, 1] : [3, 4]) {
      const inner = relu(half(x, `${name}.${b}`, 1, channels));
      x = relu(addVolumes(half(inner, `${name}.${b}`, 2, channels), x));
    }
  }
  return block(x, "backbone.extra_conv", 128, LAST);
}

Deno.test("centerPoint() gives what plain loops give, head by head", () => {
  const tasks = { groups: [["a"], ["b", "c"]], velocity: true };
  const network = centerPoint(SMALL, tasks, 5);
  const weights = randomWeights(network, 7);
  const net = new DenseReference(weights, "spconv1");
  const encoded = residualReference(net, scene(5).volume);
  const names = ["neck.blocks", "neck.deblocks"] as const;
  const bev = bevReference(net, heightCompressed(encoded), names, "conv");
  const name = "bbox_head.shared_conv";
  const conv = net.conv2d(bev, `${name}.0`, { bias: true });
  const shared = relu(net.norm(conv, `${name}.1`, 1e-5));
  const found = outputsOf(network, weights, 5);
  assertEquals(found.length, 12);
  let at = 0;
  for (const task of tasks.groups.keys()) {
    for (const head of ["reg", "height", "dim", "rot", "vel", "hm"]) {
      const of = `bbox_head.tasks.${task}.${head}`;
      const inner = net.norm(net.conv2d(shared, `${of}.0`, { bias: true }), `${of}.1`, 1e-5);
      const expected = net.conv2d(relu(inner), `${of}.3`, { bias: true });
      assertLess(errorOf(found[at++]!, expected), 1e-4, of);
    }
  }
});

Deno.test("detection networks give about the same in 16 bits, where their layers have them", () => {
  const networks = [
    second(SMALL),
    spvcnnSecond(SMALL),
    centerPoint(SMALL, { groups: [["a"]], velocity: true }, 4),
  ];
  for (const network of networks) {
    const weights = randomWeights(network, 4);
    const exact = outputsOf(network, weights, 4);
    for (const [dtype, bits] of [["bf16", 8], ["f16", 11]] as const) {
      outputsOf(network, weights, 4, dtype).forEach((found, i) => {
        const scale = exact[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const worst = found.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - exact[i]![at]!)),
          0,
        );
        // Each layer is rounded to 8 or 11 bits: errors add up like the root of their number.
        const bound = 2 * Math.sqrt(depthOf(network)) * 2 ** -bits;
        assertLess(worst / scale, bound, `${network.name}, ${dtype}, output ${i}`);
      });
    }
  }
  // Attention and layer norms are f32 only.
  const network = lidarFusion();
  using ctx = new Context("cpu", { threads: 1 });
  const error = assertThrows(
    () => new Model(ctx, network, randomWeights(network, 1), { dtype: "bf16" }),
    InputError,
  );
  assertEquals(error.message.startsWith("Cannot attend rows in bf16 on the cpu backend"), true);
});
