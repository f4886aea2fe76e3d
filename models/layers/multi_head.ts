/** nn.MultiheadAttention of queries over other rows, which are keys and values alike. */
import { linear, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import type { Scene } from "../scene.ts";
import { attend } from "./attend.ts";
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
    const projections = [0, 1, 2].map((i) =>
      projection(
        device,
        weight.subarray(i * c * c, (i + 1) * c * c),
        bias.subarray(i * c, i * c + c),
      )
    ) as [Projection, Projection, Projection];
    const [outWeight, outBias] = ["weight", "bias"].map((part) =>
      device.weights(`${name}.out_proj.${part}`)
    ) as [Float32Array, Float32Array];
    const out = projection(device, outWeight, outBias);
    return ({ at, scene }) => {
      const [q, k, v] = projections.map(({ weight, shift }, i) => {
        const from = at(i === 0 ? queries : others) as F32;
        using made = device.ctx.tensor("f32", [from.rows, c]);
        linear(from, weight, made, { shift });
        return made.download();
      }) as [Float32Array, Float32Array, Float32Array];
      const values = this.#attended([q, k, v], scene.batches);
      using joined = device.ctx.tensorFrom("f32", [values.length / c, c], values);
      linear(joined, out.weight, at(to) as F32, { shift: out.shift });
    };
  }

  #attended([q, k, v]: readonly [Float32Array, Float32Array, Float32Array], batches: number) {
    const c = this.to.channels;
    const width = c / this.heads;
    const out = new Float32Array(q.length);
    const [n, m] = [q.length / c / batches, k.length / c / batches];
    const scores = new Float32Array(m);
    for (let batch = 0; batch < batches; batch++) {
      const [own, other] = [range(batch * n, n), range(batch * m, m)];
      for (let head = 0; head < this.heads; head++) {
        const part = (values: Float32Array) => ({ values, stride: c, offset: head * width });
        const rows = { query: part(q), key: part(k), value: part(v), out: part(out), width };
        attend(rows, own, other, scores, null);
      }
    }
    return out;
  }
}

const range = (first: number, count: number) =>
  Int32Array.from({ length: count }, (_, i) => first + i);

interface Projection {
  readonly weight: F32;
  readonly shift: F32;
}

/** PyTorch's [Cout, Cin] on the device. */
function projection({ ctx, own }: Device, theirs: Float32Array, bias: Float32Array): Projection {
  const c = bias.length;
  const weight = Float32Array.from(theirs, (_, i) => theirs[i % c * c + Math.floor(i / c)]!);
  return {
    weight: own.use(ctx.tensorFrom("f32", [c, c], weight)),
    shift: own.use(ctx.tensorFrom("f32", [c], bias)),
  };
}
