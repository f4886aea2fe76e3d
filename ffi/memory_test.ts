import { assert } from "@std/assert";
import { Context, type Feature, sparseConv, sparseConvInt8, type Tensor } from "./mod.ts";

/** Voxels of the second level of a LiDAR scan. */
const ROWS = 60_000;
const OFFSETS = 27;

/** A map of five neighbours an output, near and far. */
function someMap(): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: OFFSETS * ROWS }, (_, i) => {
    const [k, m] = [Math.floor(i / ROWS), i % ROWS];
    return (m + k) % 5 === 0 ? (m + 97 * k) % ROWS : -1;
  });
}

const bytesOf = (tensors: readonly Tensor[]) => tensors.reduce((sum, { bytes }) => sum + bytes, 0);

type Type = Feature | "i8";

/** Inputs and outputs of a layer, the features and weights 0. */
function layerOn(
  ctx: Context,
  stack: DisposableStack,
  dtype: Type,
  cin: number,
  cout: number,
) {
  const zeros = (shape: readonly number[]) => {
    const tensor = stack.use(ctx.tensor<Type>(dtype, shape));
    return tensor.upload(tensor.download().fill(0) as never);
  };
  return {
    feats: zeros([ROWS, cin]),
    weight: zeros([OFFSETS, cin, cout]),
    out: zeros([ROWS, cout]),
  };
}

const LAYERS = [[32, 32], [64, 100], [96, 96]] as const;

Deno.test("implicit convolution takes at most 10 % beside its tensors, every type", () => {
  const map = someMap();
  for (const isa of [0, 1, 2]) {
    for (const [cin, cout] of LAYERS) {
      for (const dtype of ["f32", "bf16", "f16", "i8"] as const) {
        // A context of its own: the arena keeps the size that the largest op needed.
        using ctx = new Context("cpu", { threads: 2 });
        if (ctx.limitIsa(isa) !== isa) continue;
        using stack = new DisposableStack();
        const mapOn = stack.use(ctx.tensorFrom("i32", [OFFSETS, ROWS], map));
        const { feats, weight, out } = layerOn(ctx, stack, dtype, cin, cout);
        convolve(ctx, feats, weight, mapOn, out);
        const [scratch, all] = [ctx.scratchBytes, bytesOf([feats, weight, mapOn, out])];
        const what = `${dtype}, ${cin} to ${cout}, instruction set ${isa}`;
        assert(scratch > 0, `${what}: nothing was measured`);
        assert(scratch <= 0.1 * all, `${what}: ${scratch} bytes of scratch beside ${all}`);
      }
    }
  }
});

function convolve(
  ctx: Context,
  feats: Tensor<Type>,
  weight: Tensor<Type>,
  map: Tensor<"i32">,
  out: Tensor<Type>,
): void {
  if (feats.dtype !== "i8") {
    const implicit = ctx.variant("sparse_conv", "implicit");
    const [x, w, y] = [feats, weight, out] as Tensor<Feature>[];
    return sparseConv(x!, w!, map, null, y!, implicit);
  }
  using scale = ctx.tensorFrom("f32", [out.shape[1]!], new Float32Array(out.shape[1]!).fill(1));
  sparseConvInt8(feats as Tensor<"i8">, weight as Tensor<"i8">, map, out as Tensor<"i8">, {
    scale,
  });
}
