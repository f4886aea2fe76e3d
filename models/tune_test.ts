import { assert, assertEquals, assertLess } from "@std/assert";
import { Context, convTiles, groupVoxels, unavailable, variants } from "../ffi/mod.ts";
import { mappedConvs } from "./dataflow.ts";
import { featureTensor } from "./dtype.ts";
import { Model } from "./model.ts";
import { INPUT_VOXELS, NetworkBuilder } from "./network.ts";
import { minkunet } from "./nets/minkunet.ts";
import { randomFloats } from "./random.ts";
import { Scene } from "./scene.ts";
import { smallScene } from "./testing.ts";
import { defaultCandidates, tune } from "./tune.ts";
import { randomWeights } from "./weights.ts";

Deno.test("tune() names a dataflow for every convolution, and a model takes it", () => {
  using ctx = new Context("cpu", { threads: 2 });
  using stack = new DisposableStack();
  const network = minkunet({ ratio: 0.25, classes: 19 });
  const weights = randomWeights(network, 1);
  const xyz = Int32Array.from({ length: 800 }, (_, i) => i % 4 === 0 ? 0 : (i * 7919) % 12);
  const all = stack.use(ctx.tensorFrom("i32", [200, 4], xyz));
  const { coords } = stack.use(groupVoxels(all));
  const feats = stack.use(
    ctx.tensorFrom("f32", [coords.rows, 4], randomFloats(4 * coords.rows, 1)),
  );
  const input = { network, weights, scan: { coords }, feats: [feats] };
  const { plan, groups } = tune(ctx, input, defaultCandidates("cpu"));
  const known = variants("cpu", "sparse_conv");
  const convs = mappedConvs(network);
  assertEquals(plan.size, convs.length);
  assertEquals(groups.reduce((sum, { layers }) => sum + layers, 0), convs.length);
  for (const { name } of convs) assertEquals(known.includes(plan.get(name)!.variant), true);
  for (const { trials } of groups) {
    for (let i = 1; i < trials.length; i++) assert(trials[i - 1]!.ms <= trials[i]!.ms);
  }
  const logits = [plan, new Map()].map((engine) => {
    using model = new Model(ctx, network, weights, { engine });
    using scene = new Scene(ctx, { coords }, model.pool);
    return model.forward(scene, [feats])[0]!.download() as Float32Array;
  });
  const scale = logits[1]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = logits[0]!.reduce((most, v, i) => Math.max(most, Math.abs(v - logits[1]![i]!)), 0);
  assertLess(worst, 1e-4 * scale);
});

Deno.test({
  name: "tune() times the fastest dataflows with every tile where there are tiles",
  ignore: unavailable("emulated") !== undefined,
  fn: () => {
    using ctx = new Context("emulated");
    const net = new NetworkBuilder();
    const input = net.input(INPUT_VOXELS, 8);
    const network = net.build("one layer", [net.conv("only", input, 16)]);
    const { at, feats } = smallScene(6, 8);
    const rows = Int32Array.from(at.flatMap((cell) => [0, ...cell]));
    using coords = ctx.tensorFrom("i32", [at.length, 4], rows);
    const values = Float32Array.from(feats.flatMap((row) => [...row]));
    using x = featureTensor(ctx, "f16", [at.length, 8], values);
    const weights = randomWeights(network, 1);
    const scan = {
      network,
      weights,
      scan: { coords },
      feats: [x],
      options: { dtype: "f16" },
      tiles: true,
    } as const;
    const candidates = [{ variant: "masked", settings: { splits: 2 } }, { variant: "fetch" }];
    const { groups } = tune(ctx, scan, candidates);
    const trials = groups[0]!.trials.map(({ dataflow }) => dataflow);
    const tiles = convTiles(ctx, 0, "f16");
    assertEquals(tiles.length, 3);
    for (const tile of tiles) {
      const named = trials.filter(({ settings }) => settings?.tile === tile);
      const masked = named.filter(({ variant }) => variant === "masked");
      assertEquals(masked.map(({ settings }) => settings?.pieces).sort(), [1, 2, 4, 8]);
      assertEquals(masked.every(({ settings }) => settings?.splits === 2), true);
      assertEquals(named.length, 5, "and once for fetch");
    }
    assertEquals(trials.length, 2 + 5 * tiles.length);
  },
});
