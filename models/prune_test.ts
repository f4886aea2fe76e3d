import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { RES16, res16unet } from "./nets/res16unet.ts";
import { alongZ, masked, prunable, prunedParams, pruneGlobally } from "./prune.ts";
import { forward, smallScene } from "./testing.ts";
import { randomWeights, type State } from "./weights.ts";

const SIZE = { layers: [1, 1, 1, 1, 1, 1, 1, 1], planes: [8, 12, 12, 16, 12, 8, 8, 8] };
const network = res16unet("narrow", SIZE, { classes: 4 });
const weights = randomWeights(network, 4);

Deno.test("pruneGlobally() leaves the largest weights of all layers together", () => {
  const pruned = pruneGlobally(network, weights, 0.9);
  const all = prunable(network).flatMap((name) => [...weights.get(name)].map(Math.abs));
  const left = prunable(network).flatMap((name) => [...pruned.get(name)].filter((v) => v !== 0));
  assertAlmostEquals(left.length / all.length, 0.1, 0.001);
  const smallest = Math.min(...left.map(Math.abs));
  assertEquals(all.filter((value) => value >= smallest).length, left.length);
  assertEquals(pruned.get("bn0.bn.weight"), weights.get("bn0.bn.weight"));
  assertEquals(pruneGlobally(network, weights, 0).get("conv0p1s1.kernel").includes(0), false);
  assertThrows(() => pruneGlobally(network, weights, 1), InputError, "share of 1");
});

Deno.test("a pruned network gives the same on the weight-sparse kernels", () => {
  const pruned = pruneGlobally(network, weights, 0.99);
  const x = smallScene(9, 3);
  const dense = forward(network, pruned, x);
  const sparse = forward(network, pruned, x, { sparseBelow: 0.5 });
  const scale = dense.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = dense.reduce((most, value, i) => Math.max(most, Math.abs(value - sparse[i]!)), 0);
  assertLess(worst, 1e-4 * scale);
  assertEquals(scale > 0, true);
});

Deno.test("alongZ() keeps the three offsets on the axis, in the blocks that are named", () => {
  const names = prunable(network);
  const cut = alongZ(network, weights, ["block8", "block7"]);
  const changed = names.filter((name) => cut.get(name).includes(0));
  const blocks = names.filter((name) => /^block[78]\..*\.conv[12]\.kernel$/.test(name));
  assertEquals([changed, blocks.length], [blocks, 4]);
  // x is the fastest of MinkowskiEngine's offsets.
  const values = cut.get("block8.0.conv2.kernel");
  const size = values.length / 27;
  const kept = Array.from({ length: 27 }, (_, k) => k)
    .filter((k) => values.subarray(k * size, (k + 1) * size).some((value) => value !== 0));
  const at = kept.map((k) => [k % 3 - 1, Math.floor(k / 3) % 3 - 1, Math.floor(k / 9) - 1]);
  assertEquals(at, [[0, 0, -1], [0, 0, 0], [0, 0, 1]]);
});

Deno.test("masked() takes masks of 0 and 1 for weights that are there", () => {
  const name = "block1.0.conv1.kernel";
  const values = weights.get(name);
  const mask = (array: Float32Array): State =>
    new Map([[name, { shape: [27, 8, 8], floats: () => array }]]);
  const half = values.map((_, i) => i % 2);
  const found = masked(network, weights, mask(half)).get(name);
  assertEquals(found.every((value, i) => value === values[i]! * half[i]!), true);
  assertEquals(masked(network, weights, mask(half)).get("final.bias"), weights.get("final.bias"));
  assertThrows(
    () => masked(network, weights, mask(Float32Array.of(1))).get(name),
    InputError,
    "1 values are there",
  );
  const stray: State = new Map([["bn0.bn.weight", { shape: [1], floats: () => half }]]);
  assertThrows(() => masked(network, weights, stray), InputError, "bn0.bn.weight");
});

Deno.test("prunedParams() is how many are left, and what the Diet paper prints", () => {
  const left = pruneGlobally(network, weights, 0.9);
  const names = network.layers.flatMap(({ parameters }) =>
    parameters.filter(({ kind }) => kind === "weight").map(({ name }) => name)
  );
  const nonzeros = names.flatMap((name) => [...left.get(name)]).filter((value) => value !== 0);
  assertEquals(nonzeros.length, prunedParams(network, 0.9));
  // Table 2, in millions.
  const printed = (size: keyof typeof RES16) =>
    [0.9, 0.95, 0.99].map((rate) =>
      (prunedParams(res16unet("", RES16[size]), rate) / 1e6).toFixed(1)
    );
  assertEquals(printed("14A"), ["0.8", "0.4", "0.1"]);
  assertEquals(printed("18A"), ["1.6", "0.8", "0.2"]);
  assertEquals(printed("34C"), ["3.8", "1.9", "0.4"]);
});
