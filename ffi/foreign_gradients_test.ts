/** The gradients that spconv 2.3.8 recorded for a small U-Net, reproduced. */
import { type Arrays, batchNormRelu, floats, golden, ints, toXyz } from "./golden.ts";
import { assertClose, coordsTensor, roundingOf, someOf, testEach } from "./testing.ts";
import {
  type Context,
  convDgrad,
  convWgrad,
  type Geometry,
  geometry,
  KernelMap,
  outputCoords,
  sparseConv,
  variants,
} from "./mod.ts";
import { toVoxmarkWeights } from "./weight_order.ts";

/** A layer that keeps what its backward pass needs. */
interface Layer {
  readonly name: string;
  readonly map: KernelMap;
  readonly transposed: KernelMap;
  readonly cin: number;
  readonly cout: number;
}

const weights = (arrays: Arrays, prefix: string, { name, map, cin, cout }: Layer) =>
  toVoxmarkWeights(
    floats(arrays, `${prefix}.${name}.weight`),
    "spconv2",
    map.layer.kernel,
    cin,
    cout,
  );

/**
 * The layer's output by "ref", whose sums are exact: a value at 0 that rounds to the other side of
 * a ReLU changes a gradient by more than the tolerances.
 */
function forward(ctx: Context, arrays: Arrays, x: Float32Array, layer: Layer): Float32Array {
  const { map, cin, cout } = layer;
  using feats = ctx.tensorFrom("f32", [map.inputs, cin], x);
  using weight = ctx.tensorFrom("f32", [map.map.rows, cin, cout], weights(arrays, "w", layer));
  using out = ctx.tensor("f32", [map.outputs, cout]);
  sparseConv(feats, weight, map.map, null, out, ctx.variant("sparse_conv", "ref"));
  return out.download();
}

/** Checks the weight gradient of every variant and returns the input's. */
function backward(
  ctx: Context,
  arrays: Arrays,
  x: Float32Array,
  g: Float32Array,
  layer: Layer,
): Float32Array {
  const { name, map, transposed, cin, cout } = layer;
  using feats = ctx.tensorFrom("f32", [map.inputs, cin], x);
  using gradOut = ctx.tensorFrom("f32", [map.outputs, cout], g);
  const tolerance = arrays.get(`ref.grad_atol.${name}.weight`)!.data[0] as number;
  const wgrads = [...variants(ctx.backend, "sparse_conv_wgrad").entries()]
    .filter(([, variant]) => roundingOf(variant, 1) === 0);
  for (const [v, variant] of someOf(ctx.backend, 2, wgrads)) {
    using grad = convWgrad(feats, gradOut, map, v);
    const expected = weights(arrays, "ref.grad", layer);
    assertClose(grad.download(), expected, tolerance, 0, `${variant} ${name}`);
  }
  using weight = ctx.tensorFrom("f32", [map.map.rows, cin, cout], weights(arrays, "w", layer));
  using gradIn = convDgrad(gradOut, weight, transposed);
  return gradIn.download();
}

/** Backward of {@linkcode batchNormRelu}: checks gamma's and beta's gradient, returns the input's. */
function batchNormReluBackward(
  arrays: Arrays,
  name: string,
  x: Float32Array,
  g: Float32Array,
): Float32Array {
  const gamma = floats(arrays, `w.${name}.weight`);
  const beta = floats(arrays, `w.${name}.bias`);
  const [c, n] = [gamma.length, x.length / gamma.length];
  const active = batchNormRelu(x, gamma, beta).map((y, i) => y > 0 ? g[i]! : 0);
  const [gradGamma, gradBeta] = [new Float32Array(c), new Float32Array(c)];
  const out = new Float32Array(x.length);
  for (let k = 0; k < c; k++) {
    const column = Array.from({ length: n }, (_, i) => x[i * c + k]!);
    const mean = column.reduce((a, b) => a + b) / n;
    const scale = 1 / Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / n + 1e-5);
    let [sum, product] = [0, 0];
    column.forEach((value, i) => {
      sum += active[i * c + k]!;
      product += active[i * c + k]! * (value - mean) * scale;
    });
    [gradGamma[k], gradBeta[k]] = [product, sum];
    column.forEach((value, i) => {
      const normal = (value - mean) * scale;
      out[i * c + k] = gamma[k]! * scale * (active[i * c + k]! - (sum + normal * product) / n);
    });
  }
  const tolerance = (what: string) =>
    arrays.get(`ref.grad_atol.${name}.${what}`)!.data[0] as number;
  const expected = (what: string) => floats(arrays, `ref.grad.${name}.${what}`);
  assertClose(gradGamma, expected("weight"), tolerance("weight"), 0, `${name}.weight`);
  assertClose(gradBeta, expected("bias"), tolerance("bias"), 0, `${name}.bias`);
  return out;
}

/** Gradients of the two inputs of the head, d and a, of 16 channels each. */
function headBackward(g: Float32Array, w: Float32Array): [Float32Array, Float32Array] {
  const n = g.length / 8;
  const grads: [Float32Array, Float32Array] = [new Float32Array(n * 16), new Float32Array(n * 16)];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < 32; k++) {
      let sum = 0;
      for (let o = 0; o < 8; o++) sum += g[i * 8 + o]! * w[k * 8 + o]!;
      grads[k < 16 ? 0 : 1]![i * 16 + k % 16] = sum;
    }
  }
  return grads;
}

const spconv = golden("spconv238_unet3d_float32.npz");
if (spconv) {
  testEach("a small U-Net has spconv 2.3.8's recorded gradients", (ctx) => {
    using maps = new DisposableStack();
    const fine = maps.use(coordsTensor(ctx, toXyz(ints(spconv, "indices_bzyx"))));
    const bounds = { low: [0, 0, 0], high: [15, 15, 15] } as const;
    const coarse = maps.use(outputCoords(fine, geometry(3, 2), "reached", bounds));
    const between = (input: typeof fine, output: typeof fine, shape: Geometry) => {
      const map = maps.use(KernelMap.build(input, output, shape));
      return { map, transposed: maps.use(map.transpose()) };
    };
    const own = between(fine, fine, geometry(3));
    const down = between(fine, coarse, geometry(3, 2));
    const layers = {
      first: { name: "stem.0", ...own, cin: 6, cout: 16 },
      second: { name: "stem.3", ...own, cin: 16, cout: 16 },
      down: { name: "down", ...down, cin: 16, cout: 32 },
      mid: { name: "mid.0", ...between(coarse, coarse, geometry(3)), cin: 32, cout: 32 },
      up: { name: "up", map: down.transposed, transposed: down.map, cin: 32, cout: 16 },
    };
    checkGradients(ctx, spconv, layers);
  });
}

function checkGradients(
  ctx: Context,
  arrays: Arrays,
  layers: Record<"first" | "second" | "down" | "mid" | "up", Layer>,
): void {
  const norm = (x: Float32Array, name: string) =>
    batchNormRelu(x, floats(arrays, `w.${name}.weight`), floats(arrays, `w.${name}.bias`));
  const x = floats(arrays, "features");
  const first = forward(ctx, arrays, x, layers.first);
  const stem = norm(first, "stem.1");
  const a = forward(ctx, arrays, stem, layers.second);
  const down = forward(ctx, arrays, a, layers.down);
  const mid = forward(ctx, arrays, down, layers.mid);

  const [gradD, gradA] = headBackward(
    floats(arrays, "ref.grad_out"),
    floats(arrays, "w.head.weight"),
  );
  const gradB = backward(ctx, arrays, norm(mid, "mid.1"), gradD, layers.up);
  const gradMid = batchNormReluBackward(arrays, "mid.1", mid, gradB);
  const gradDown = backward(ctx, arrays, down, gradMid, layers.mid);
  const skipped = backward(ctx, arrays, a, gradDown, layers.down);
  const both = gradA.map((value, i) => value + skipped[i]!);
  const gradStem = backward(ctx, arrays, stem, both, layers.second);
  const gradFirst = batchNormReluBackward(arrays, "stem.1", first, gradStem);
  const gradIn = backward(ctx, arrays, x, gradFirst, layers.first);
  const tolerance = arrays.get("ref.atol_grad_input")!.data[0] as number;
  assertClose(gradIn, floats(arrays, "ref.grad_input"), tolerance, 0, "input");
}
