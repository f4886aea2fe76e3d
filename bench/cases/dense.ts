/** What networks do to rows of features between convolutions: one case an op and shape. */
import { affine, type Context, layerNorm, linear, softmax, type Tensor } from "../../ffi/mod.ts";
import type { Case, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";

type F32 = Tensor<"f32">;

/** Ops whose inputs and output are f32. */
interface DenseOp {
  readonly op: string;
  /** Sizes that only the data tells. */
  readonly params: Problem["params"];
  readonly flops: number | null;
  /** Shapes of the inputs, in the order that `run` takes them. */
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly [number, number];
  run(inputs: readonly F32[], out: F32, variant: number): void;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

function denseProblem(dense: DenseOp): Problem {
  const values = dense.inputs.map((shape, i) => randomFloats(sizeOf(shape), i + 1));
  const moved = [...dense.inputs, dense.output].reduce((sum, shape) => sum + sizeOf(shape), 0);
  return {
    params: dense.params,
    flops: dense.flops,
    bytes: 4 * moved,
    tolerance: () => F32_SUM,
    create: (ctx) => denseInstance(ctx, dense, values),
  };
}

function denseInstance(ctx: Context, dense: DenseOp, values: readonly Float32Array[]): Instance {
  using stack = new DisposableStack();
  const inputs = dense.inputs.map((shape, i) =>
    stack.use(ctx.tensorFrom("f32", shape, values[i]!))
  );
  const out = stack.use(ctx.tensor("f32", dense.output));
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant(dense.op, name);
      return () => dense.run(inputs, out, variant);
    },
    output: () => [{ name: "out", values: out.download() }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** With a bias, as networks have it. */
const linearOp = (n: number, k: number, m: number, params: Problem["params"]): DenseOp => ({
  op: "linear",
  params,
  flops: 2 * n * k * m,
  inputs: [[n, k], [k, m], [m]],
  output: [n, m],
  run: ([x, weight, shift], out, variant) => linear(x!, weight!, out, { shift: shift! }, variant),
});

/** Rows and channels of the ops that read and write each value once: larger than any cache. */
const [ROWS, CHANNELS] = [200_000, 96];

/** An op of x [ROWS, CHANNELS], then `inputs`. */
const rowOp = (op: string, inputs: DenseOp["inputs"], run: DenseOp["run"]): DenseOp => ({
  op,
  params: {},
  // They wait for memory: operations would say nothing.
  flops: null,
  inputs: [[ROWS, CHANNELS], ...inputs],
  output: [ROWS, CHANNELS],
  run,
});

const ROW_OPS: readonly DenseOp[] = [
  // A folded batch norm at the end of a residual block.
  rowOp(
    "affine",
    [[CHANNELS], [CHANNELS], [ROWS, CHANNELS]],
    ([x, scale, shift, residual], out, variant) =>
      affine(
        x!,
        out,
        { scale: scale!, shift: shift!, residual: residual!, activation: "relu" },
        variant,
      ),
  ),
  rowOp(
    "layer_norm",
    [[CHANNELS], [CHANNELS]],
    ([x, gamma, beta], out, variant) => layerNorm(x!, gamma!, beta!, out, 1e-5, variant),
  ),
  rowOp("softmax", [], ([x], out, variant) => softmax(x!, out, variant)),
];

/** A linear layer of a transformer and one of all voxels, then the ops that memory bounds. */
export const denseCases: readonly Case[] = [
  {
    op: "linear",
    tier: "full",
    params: { n: 4944, k: 256, m: 256 },
    prepare: () => denseProblem(linearOp(4944, 256, 256, {})),
  },
  {
    op: "linear",
    tier: "full",
    params: { n: "voxels", k: 96, m: 96 },
    prepare: ({ scene }) => {
      const voxels = scene.rows(0);
      return denseProblem(linearOp(voxels, 96, 96, { voxels }));
    },
  },
  ...ROW_OPS.map((dense): Case => ({
    op: dense.op,
    tier: "full",
    params: { n: ROWS, c: CHANNELS },
    prepare: () => denseProblem(dense),
  })),
];
