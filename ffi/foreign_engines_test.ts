/** Outputs that other engines recorded, reproduced by every variant of ours. */
import { assert, assertEquals } from "@std/assert";
import { batchNormRelu, floats, golden, head, ints, toXyz } from "./golden.ts";
import { assertClose, coordsTensor, f32Variants, roundingOf, someOf, testEach } from "./testing.ts";
import {
  type Context,
  convNeedsPairs,
  type Geometry,
  geometry,
  KernelMap,
  kernelVolume,
  outputCoords,
  sparseConv,
} from "./mod.ts";
import { toVoxmarkWeights } from "./weight_order.ts";

/** One layer through one variant: features in, features out. */
function layer(ctx: Context, x: Float32Array, w: Float32Array, map: KernelMap, v: number) {
  const kv = map.map.rows;
  const cin = x.length / map.inputs;
  using feats = ctx.tensorFrom("f32", [map.inputs, cin], x);
  using weight = ctx.tensorFrom("f32", [kv, cin, w.length / kv / cin], w);
  using out = ctx.tensor("f32", [map.outputs, weight.shape[2]!]);
  sparseConv(feats, weight, map.map, convNeedsPairs(ctx, v) ? map.pairs : null, out, v);
  return out.download();
}

/** The variants that compute in f32, as the recorded calls did, and their numbers. */
const exactVariants = (ctx: Context) =>
  f32Variants(ctx.backend).filter(([, variant]) => roundingOf(variant, 1) === 0);

const torchsparse = golden("torchsparse_conv_forward_sample.npz");
if (torchsparse) {
  testEach("sparseConv() equals a recorded TorchSparse 1.x call", (ctx) => {
    const nbmaps = ints(torchsparse, "nbmaps");
    const sizes = ints(torchsparse, "nbsizes");
    const m = 1000;
    const rows = new Int32Array(27 * m).fill(-1);
    let at = 0;
    sizes.forEach((size, k) => {
      for (let i = 0; i < size; i++, at++) rows[k * m + nbmaps[at * 2 + 1]!] = nbmaps[at * 2]!;
    });
    using map = new KernelMap(ctx.tensorFrom("i32", [27, m], rows), m, geometry(3));
    const x = floats(torchsparse, "input");
    const w = toVoxmarkWeights(floats(torchsparse, "weight"), "torchsparse", [3, 3, 3], 4, 32);
    for (const [v, variant] of exactVariants(ctx)) {
      assertClose(layer(ctx, x, w, map, v), floats(torchsparse, "result"), 5e-6, 1e-5, variant);
    }
  });
}

const spconv = golden("spconv238_unet3d_float32.npz");
if (spconv) {
  testEach("a small U-Net equals spconv 2.3.8's recorded forward", (ctx, setting) => {
    const coords = toXyz(ints(spconv, "indices_bzyx"));
    assertEquals(toXyz(ints(spconv, "ref.out_indices")), coords, "the net ends where it begins");
    const down = geometry(3, 2);
    // Spatial shape 32, kernel 3, stride 2, padding 1: outputs 0 .. 15.
    const bounds = { low: [0, 0, 0], high: [15, 15, 15] } as const;
    using fine = coordsTensor(ctx, coords);
    using coarse = outputCoords(fine, down, "reached", bounds);
    using own = KernelMap.build(fine, fine, geometry(3));
    using strided = KernelMap.build(fine, coarse, down);
    using inverse = strided.transpose();
    using mid = KernelMap.build(coarse, coarse, geometry(3));
    const weight = (name: string, { kernel }: Geometry, cin: number, cout: number) =>
      toVoxmarkWeights(floats(spconv, `w.${name}.weight`), "spconv2", kernel, cin, cout);
    const norm = (x: Float32Array, name: string) =>
      batchNormRelu(x, floats(spconv, `w.${name}.weight`), floats(spconv, `w.${name}.bias`));
    for (const [v, variant] of someOf(setting, 4, exactVariants(ctx))) {
      const run = (x: Float32Array, name: string, map: KernelMap, cin: number, cout: number) => {
        assert(map.map.rows === kernelVolume(map.layer));
        return layer(ctx, x, weight(name, map.layer, cin, cout), map, v);
      };
      const stem = norm(run(floats(spconv, "features"), "stem.0", own, 6, 16), "stem.1");
      const a = run(stem, "stem.3", own, 16, 16);
      const b = norm(run(run(a, "down", strided, 16, 32), "mid.0", mid, 32, 32), "mid.1");
      const d = run(b, "up", inverse, 32, 16);
      const out = head(d, a, floats(spconv, "w.head.weight"), floats(spconv, "w.head.bias"));
      const tolerance = spconv.get("ref.atol_out")!.data[0] as number;
      assertClose(out, floats(spconv, "ref.out_features"), tolerance, 0, variant);
    }
  });
}
