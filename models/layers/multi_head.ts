/** nn.MultiheadAttention of queries over other rows, which are keys and values alike. */
import { type Context, linear, softmax, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import type { Scene } from "../scene.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

export class MultiHead implements Layer {
  readonly op = "attention";
  readonly reads: readonly GridValue[];

  constructor(
    readonly name: string,
    readonly queries: GridValue,
    readonly others: GridValue,
    readonly to: GridValue,
    readonly heads: number,
  ) {
    this.reads = [queries, others];
  }

  get parameters(): Parameter[] {
    const { name, to: { channels: c } } = this;
    return [
      { name: `${name}.in_proj_weight`, shape: [3 * c, c], kind: "weight", terms: c },
      { name: `${name}.in_proj_bias`, shape: [3 * c], kind: "weight" },
      { name: `${name}.out_proj.weight`, shape: [c, c], kind: "weight", terms: c },
      { name: `${name}.out_proj.bias`, shape: [c], kind: "weight" },
    ];
  }

  /** Four projections and two products. */
  macs(scene: Scene): number {
    const c = this.to.channels;
    const [n, m] = [this.queries, this.others].map(({ space }) => scene.rows(space)) as [
      number,
      number,
    ];
    return 2 * (n + m) * c * c + 2 * n * m / scene.batches * c;
  }

  load(device: Device): Kernel {
    requireDense(device, "attend");
    const { queries, others, to, name } = this;
    const c = to.channels;
    const [weight, bias] = [
      device.weights(`${name}.in_proj_weight`),
      device.weights(`${name}.in_proj_bias`),
    ];
    const scale = 1 / Math.sqrt(c / this.heads);
    const projections = [0, 1, 2].map((i) =>
      projection(
        device,
        weight.subarray(i * c * c, (i + 1) * c * c),
        bias.subarray(i * c, i * c + c),
        i === 0 ? scale : 1,
      )
    ) as [Projection, Projection, Projection];
    const [outWeight, outBias] = ["weight", "bias"].map((part) =>
      device.weights(`${name}.out_proj.${part}`)
    ) as [Float32Array, Float32Array];
    const out = projection(device, outWeight, outBias, 1);
    return ({ at, scene }) => {
      const [q, k, v] = projections.map(({ weight, shift }, i) => {
        const from = at(i === 0 ? queries : others) as F32;
        using made = device.ctx.tensor("f32", [from.rows, c]);
        linear(from, weight, made, { shift });
        return made.download();
      }) as [Float32Array, Float32Array, Float32Array];
      const values = this.#attended(device.ctx, [q, k, v], scene.batches);
      using joined = device.ctx.tensorFrom("f32", [values.length / c, c], values);
      linear(joined, out.weight, at(to) as F32, { shift: out.shift });
    };
  }

  /** Head by head: the scores are a product of rows, and so is what they weight. */
  #attended(
    ctx: Context,
    [q, k, v]: readonly [Float32Array, Float32Array, Float32Array],
    batches: number,
  ) {
    const c = this.to.channels;
    const width = c / this.heads;
    const out = new Float32Array(q.length);
    const [n, m] = [q.length / c / batches, k.length / c / batches];
    using scores = ctx.tensor("f32", [n, m]);
    using part = ctx.tensor("f32", [n, width]);
    for (let batch = 0; batch < batches; batch++) {
      for (let head = 0; head < this.heads; head++) {
        const of = (values: Float32Array, rows: number) => ({
          values,
          start: batch * rows * c + head * width,
          rows,
        });
        const columns = (from: HeadRows, turned: boolean) => headOf(ctx, from, c, width, turned);
        using query = columns(of(q, n), false);
        using key = columns(of(k, m), true);
        using value = columns(of(v, m), false);
        linear(query, key, scores);
        softmax(scores, scores);
        linear(scores, value, part);
        const found = part.download();
        for (let row = 0; row < n; row++) {
          const at = (batch * n + row) * c + head * width;
          out.set(found.subarray(row * width, (row + 1) * width), at);
        }
      }
    }
    return out;
  }
}

interface HeadRows {
  readonly values: Float32Array;
  readonly start: number;
  readonly rows: number;
}

/** A head's columns [rows, width], or turned [width, rows]. */
function headOf(
  ctx: Context,
  { values, start, rows }: HeadRows,
  stride: number,
  width: number,
  turned: boolean,
): F32 {
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      out[turned ? i * rows + row : row * width + i] = values[start + row * stride + i]!;
    }
  }
  return ctx.tensorFrom("f32", turned ? [width, rows] : [rows, width], out);
}

interface Projection {
  readonly weight: F32;
  readonly shift: F32;
}

/** PyTorch's [Cout, Cin] on the device; queries take 1 / sqrt(width) along. */
function projection(
  { ctx, own }: Device,
  theirs: Float32Array,
  bias: Float32Array,
  scale: number,
): Projection {
  const c = bias.length;
  const weight = theirs.map((_, i) => scale * theirs[i % c * c + Math.floor(i / c)]!);
  return {
    weight: own.use(ctx.tensorFrom("f32", [c, c], weight)),
    shift: own.use(ctx.tensorFrom("f32", [c], bias.map((value) => scale * value))),
  };
}
