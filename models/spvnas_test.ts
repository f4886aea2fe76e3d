/** SPVNAS: its modules, its samples, its forward pass. */
import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { sharedPath } from "../std/testing.ts";
import { countParams, parametersOf } from "./count.ts";
import { HALF, spvnas, type SpvnasSample, spvnasSuper, stageName } from "./nets/spvnas.ts";
import {
  add,
  cat,
  type Cells,
  halved,
  pointsToVoxels,
  Reference,
  relu,
  torchSparse,
  voxelsToPoints,
} from "./reference.ts";
import { determinise, netConfig, parseNetConfig, randomSample } from "./spvnas_sample.ts";
import { forward, listed, namesOf, relativeError, smallScene } from "./testing.ts";
import { randomWeights, type State, type Weights } from "./weights.ts";

function exampleSample(): SpvnasSample | undefined {
  const path = sharedPath("reference/state_dicts/spvnas.txt");
  if (path === undefined) return undefined;
  const text = Deno.readTextFileSync(path);
  const json = text.slice(text.indexOf("\n{\n"), text.indexOf("\n}\n") + 2);
  return parseNetConfig({ "num_classes": 19, ...JSON.parse(json) }, "the example");
}

Deno.test("SPVNAS has the names and shapes of its authors' modules, whole and determinised", () => {
  const whole = listed("spvnas.txt", /^supernet params/, /^\[/);
  if (whole !== undefined) assertEquals(namesOf(spvnasSuper()).sort(), whole.sort());
  const sample = exampleSample();
  if (sample === undefined) return;
  assertEquals(countParams(spvnas(sample)), 17_728_211);
  const plain = listed("spvnas.txt", /^determinized params/, null)!;
  assertEquals(namesOf(spvnas(sample)).sort(), plain.sort());
});

/** Numbers in [0, 1) from a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

Deno.test("parseNetConfig() reads what netConfig() writes, and refuses what is not in the space", () => {
  for (let seed = 1; seed < 20; seed++) {
    const sample = randomSample(random(seed));
    const config = netConfig(sample);
    assertEquals(parseNetConfig(JSON.parse(JSON.stringify(config)), "c"), sample);
    for (const width of sample.outputs) assertEquals(width % 16, 0);
  }
  const config = netConfig(randomSample(random(1)));
  const refused = (change: object, why: RegExp) =>
    assertMatch(
      assertThrows(() => parseNetConfig({ ...config, ...change }, "net.config"), InputError)
        .message,
      why,
    );
  refused({ "downsample.1.transition": 4096 }, /"downsample.1.transition" is 4096/);
  refused({ "upsample.3.feature": 3 }, /from 1 to 2 is needed/);
  refused({ "output_channels": [32] }, /output_channels\[1\]" is undefined/);
  assertMatch(assertThrows(() => parseNetConfig([], "c"), InputError).message, /no JSON object/);
});

/** Narrow, so that the reference is done in a second. */
const NARROW: SpvnasSample = {
  classes: 5,
  outputs: [32, 16, 16, 16, 16, 16, 16, 16, 16],
  stages: Array.from({ length: 8 }, (_, i) => ({
    transition: 16,
    middles: i % 2 === 0 ? [16] : [16, 16],
  })),
};

/** SPVNAS by the authors' forward. */
function spvnasReference(weights: Weights, x: Cells, { stages }: SpvnasSample): Cells {
  const ref = new Reference(weights);
  const conv = (y: Cells, name: string, size = 3) =>
    ref.norm(ref.conv(y, `${name}.net.conv.kernel`, torchSparse(size)), `${name}.net.bn`);
  const blocks = (y: Cells, i: number) =>
    stages[i]!.middles.reduce((z, _, j) => {
      const block = `${stageName(i)}.feature.${j}`;
      const skip = j === 0 ? conv(z, `${block}.downsample`, 1) : z;
      return relu(add(conv(relu(conv(z, `${block}.net.0`)), `${block}.net.1`), skip));
    }, y);
  const down = (y: Cells, i: number) => {
    const name = `downsample.${i}.transition.net`;
    const coarse = ref.conv(y, `${name}.conv.kernel`, torchSparse(2), halved(y.at), 2);
    return blocks(relu(ref.norm(coarse, `${name}.bn`)), i);
  };
  const up = (y: Cells, skip: Cells, i: number) => {
    const name = `upsample.${i}.transition.net`;
    const fine = ref.transposed(y, `${name}.conv.kernel`, torchSparse(2), skip.at, 2);
    return blocks(cat(relu(ref.norm(fine, `${name}.bn`)), skip), HALF + i);
  };
  const meet = (k: number, y: Cells, z: Cells, level: number) => {
    const name = `point_transforms.${k}.net`;
    const own = relu(ref.norm(ref.linear(z, `${name}.conv`), `${name}.bn`));
    return add(voxelsToPoints(y, x.at, level), own);
  };
  const stem = (y: Cells, i: number) =>
    relu(ref.norm(ref.conv(y, `stem.${i}.kernel`, torchSparse(3)), `stem.${i + 1}`));
  const x0 = stem(stem(pointsToVoxels(x, x.at, 0), 0), 3);
  const z0 = voxelsToPoints(x0, x.at, 0);
  const x1 = down(pointsToVoxels(z0, x.at, 0), 0);
  const [x2, x3] = [down(x1, 1), down(down(x1, 1), 2)];
  const x4 = down(x3, 3);
  const z1 = meet(0, x4, z0, 4);
  const y2 = up(up(pointsToVoxels(z1, x4.at, 4), x3, 0), x2, 1);
  const z2 = meet(1, y2, z1, 2);
  const y4 = up(up(pointsToVoxels(z2, y2.at, 2), x1, 2), x0, 3);
  const z3 = meet(2, y4, z2, 0);
  const weight = weights.get("classifier.linear.weight");
  const width = z3.feats[0]!.length;
  const first = Float32Array.from(
    { length: 5 * width },
    (_, i) => weight[Math.floor(i / width) * 128 + i % width]!,
  );
  const bias = weights.get("classifier.linear.bias");
  return new Reference({ get: (name) => name.endsWith("weight") ? first : bias }).linear(z3, "c");
}

Deno.test("spvnas() gives what the reference gives", () => {
  const network = spvnas(NARROW);
  const weights = randomWeights(network, 3);
  const x = smallScene(9);
  const expected = spvnasReference(weights, x, NARROW);
  assertLess(relativeError(forward(network, weights, x), expected), 1e-4);
});

Deno.test("determinise() slices the first channels, and of two joined values the first of each", () => {
  const whole = spvnasSuper(5);
  const state: State = new Map(
    parametersOf(whole).map(({ name, shape }) => {
      // Each number says where it stands in the widest weight.
      const size = shape.reduce((all, n) => all * n, 1);
      return [name, { shape, floats: () => Float32Array.from({ length: size }, (_, i) => i) }];
    }),
  );
  const part = determinise(state, NARROW);
  assertEquals(
    [...part.keys()].sort(),
    parametersOf(spvnas(NARROW)).map(({ name }) => name).sort(),
  );
  // (27, 16 + 16, 16) of (27, 384 + 192, 384): rows 0 to 15 and 384 to 399.
  const { shape, floats } = part.get("upsample.0.feature.0.net.0.net.conv.kernel")!;
  assertEquals(shape, [27, 32, 16]);
  const values = floats();
  const row = (k: number, i: number) => values[(k * 32 + i) * 16]!;
  assertEquals([row(0, 0), row(0, 15), row(0, 16)], [0, 15 * 384, 384 * 384]);
  assertEquals(row(26, 31), (26 * 576 + 384 + 15) * 384);
  assertEquals(
    part.get("upsample.0.feature.0.downsample.net.conv.kernel")!.floats()[16 * 16],
    384 * 384,
  );
  const norm = part.get("downsample.2.transition.net.bn.running_var")!;
  assertEquals(norm.floats(), Float32Array.from({ length: 16 }, (_, i) => i));
  const linear = part.get("point_transforms.1.net.conv.weight")!;
  assertEquals([linear.shape, linear.floats()[16]], [[16, 16], 384]);
});
