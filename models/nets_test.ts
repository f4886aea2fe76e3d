/** Counts of all networks, and forward passes against the plain reference where none is stored. */
import { assertEquals, assertLess } from "@std/assert";
import { countParams, parametersOf } from "./count.ts";
import { RES16, res16unet } from "./nets/res16unet.ts";
import { sparseResNet21D, sparseResUNet42 } from "./nets/sparse_resnet.ts";
import { spconvBenchmark } from "./nets/spconv_benchmark.ts";
import { spvnasSuper } from "./nets/spvnas.ts";
import { add, cat, type Cells, halved, Reference, relu, xFastest } from "./reference.ts";
import { forward, listed, namesOf, relativeError, smallScene } from "./testing.ts";
import { randomWeights } from "./weights.ts";

Deno.test("networks have as many parameters as their authors' code", () => {
  const res16 = (name: keyof typeof RES16, options = {}) =>
    countParams(res16unet(name, RES16[name], options));
  assertEquals(res16("14A"), 8_024_500);
  assertEquals(res16("18A"), 15_493_172);
  assertEquals(res16("34C"), 37_856_052);
  assertEquals(res16("34C", { first: 3, classes: 13 }), 37_845_965);
  assertEquals(countParams(spvnasSuper()), 47_802_067);
  // MinkUNet without its classifier of 96 x 19 + 19.
  assertEquals(countParams(sparseResUNet42()), 21_723_315 - 1_843);
  // By hand: 4 to 16, 16, ... as 27 (in + out) out and two a channel for each norm.
  const conv = (volume: number, cin: number, cout: number) => volume * cin * cout + 2 * cout;
  const stages = [[4, 16], [16, 32], [32, 64], [64, 128]].map(([cin, cout]) =>
    conv(27, cin!, cout!) + 4 * conv(27, cout!, cout!)
  );
  const total = stages.reduce((sum, n) => sum + n, 0) + conv(3, 128, 128);
  assertEquals(countParams(sparseResNet21D()), total);
  assertEquals(sparseResNet21D().layers.filter(({ op }) => op === "conv").length, 21);
  const pairs = [64, 96, 128, 160, 192, 224, 256].map((c, i, all) => (all[i - 1] ?? 3) * c + c * c);
  assertEquals(countParams(spconvBenchmark()), 27 * pairs.reduce((sum, n) => sum + n, 0));
});

Deno.test("Res16UNet34C has the names and shapes of its authors' modules", () => {
  const names = listed("res16.txt", /^18A with planes4/, null);
  if (names === undefined) return;
  const own = namesOf(res16unet("34C", RES16["34C"], { first: 3 }));
  assertEquals(own.sort(), names.sort());
});

Deno.test("res16unet() gives what the reference gives, with MinkowskiEngine's weights", () => {
  const size = { layers: [1, 2, 1, 1, 1, 1, 1, 1], planes: [8, 12, 12, 16, 12, 8, 8, 8] };
  const network = res16unet("narrow", size, { classes: 4 });
  const weights = randomWeights(network, 4);
  const x = smallScene(9, 3);
  const ref = new Reference(weights);
  const conv = (y: Cells, name: string, norm: string, k = 3) =>
    ref.norm(ref.conv(y, `${name}.kernel`, xFastest(k)), `${norm}.bn`);
  const blocks = (y: Cells, i: number) => {
    for (let j = 0; j < size.layers[i - 1]!; j++) {
      const block = `block${i}.${j}`;
      const inner = relu(conv(y, `${block}.conv1`, `${block}.norm1`));
      const past = y.feats[0]!.length === size.planes[i - 1]
        ? y
        : conv(y, `${block}.downsample.0`, `${block}.downsample.1`, 1);
      y = relu(add(conv(inner, `${block}.conv2`, `${block}.norm2`), past));
    }
    return y;
  };
  const skips = [relu(conv(x, "conv0p1s1", "bn0", 5))];
  ["conv1p1s2", "conv2p2s2", "conv3p4s2", "conv4p8s2"].forEach((name, i) => {
    const y = skips.at(-1)!;
    const coarse = ref.conv(y, `${name}.kernel`, xFastest(2), halved(y.at), 2);
    skips.push(blocks(relu(ref.norm(coarse, `bn${i + 1}.bn`)), i + 1));
  });
  let y = skips.pop()!;
  ["convtr4p16s2", "convtr5p8s2", "convtr6p4s2", "convtr7p2s2"].forEach((name, i) => {
    const skip = skips.pop()!;
    const fine = ref.transposed(y, `${name}.kernel`, xFastest(2), skip.at, 2);
    y = blocks(cat(relu(ref.norm(fine, `bntr${4 + i}.bn`)), skip), 5 + i);
  });
  const logits = ref.bias(ref.conv(y, "final.kernel", xFastest(1)), "final.bias");
  assertLess(relativeError(forward(network, weights, x), logits), 1e-4);
});

/** Every cell of a strided layer whose kernel reaches an input, sorted. */
function reached(at: Cells["at"], offsets: Cells["at"], stride: readonly number[]) {
  const found = new Map<string, readonly [number, number, number]>();
  for (const cell of at) {
    for (const offset of offsets) {
      const q = cell.map((v, d) => (v - offset[d]!) / stride[d]!);
      if (q.every(Number.isInteger)) found.set(q.join(), [q[0]!, q[1]!, q[2]!]);
    }
  }
  return [...found.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

Deno.test("sparseResNet21D() gives what the reference gives, after its last stage", () => {
  const network = sparseResNet21D(4, 0.25);
  const weights = randomWeights(network, 5);
  const ref = new Reference(weights);
  const x = smallScene(9);
  const conv = (y: Cells, name: string, i: number, at = y.at, stride = 1) =>
    ref.norm(
      ref.conv(y, `${name}.${i}.kernel`, xFastest(3), at, stride),
      `${name}.${i + 1}`,
    );
  let y = x;
  for (let stage = 0; stage < 4; stage++) {
    const stride = stage === 0 ? 1 : 2;
    const at = stage === 0 ? y.at : reached(y.at, xFastest(3), [2, 2, 2]);
    y = relu(conv(y, `${stage}.0`, 0, at, stride));
    for (const j of [1, 2]) {
      const inner = relu(conv(y, `${stage}.${j}.main`, 0));
      y = relu(add(conv(inner, `${stage}.${j}.main`, 3), y));
    }
  }
  // The last layer has a stride along y alone: the reference is given halved rows of its own.
  const along: Cells["at"] = [[0, -1, 0], [0, 0, 0], [0, 1, 0]];
  const at = reached(y.at, along, [1, 2, 1]);
  const wide = { at: y.at, feats: y.feats };
  const spread = at.map(([a, b, c]) => [a, 2 * b, c] as const);
  const last = relu(ref.norm(ref.conv(wide, "4.0.0.kernel", along, spread), "4.0.1"));
  const found = forward({ ...network, outputs: [network.outputs.at(-1)!] }, weights, x);
  assertLess(relativeError(found, last), 1e-4);
});

Deno.test("spconvBenchmark() gives what the reference gives: pairs of convolutions, max pooling", () => {
  const network = spconvBenchmark([9, 9, 40], [4, 6]);
  const weights = randomWeights(network, 6);
  const x = smallScene(9, 3);
  // [Cout, z, y, x, Cin] to [KV, Cin, Cout].
  const ref = new Reference({
    get(name) {
      const values = weights.get(name);
      const { shape } = parametersOf(network).find((parameter) => parameter.name === name)!;
      const [cout, cin] = [shape[0]!, shape[4]!];
      return values.map((_, at) => {
        const [k, i, o] = [Math.floor(at / (cin * cout)), Math.floor(at / cout) % cin, at % cout];
        return values[(o * 27 + k) * cin + i]!;
      });
    },
  });
  const pair = (y: Cells, first: number) =>
    [first, first + 1].reduce((z, i) => ref.conv(z, `net.${i}.weight`, xFastest(3)), y);
  const fine = pair(x, 0);
  // The grid has 9 cells along x and y: the fifth pair of cells would stick out, so it is dropped.
  const at = halved(fine.at).filter(([a, b]) => a < 4 && b < 4);
  const pooled = at.map((q) =>
    fine.feats.filter((_, i) => fine.at[i]!.every((v, d) => Math.floor(v / 2) === q[d]))
      .reduce((most, row) => most.map((value, c) => Math.max(value, row[c]!)))
  );
  const expected = pair({ at, feats: pooled }, 3);
  assertLess(relativeError(forward(network, weights, x), expected), 1e-4);
});
