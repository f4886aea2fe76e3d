/** nn.MultiheadAttention of queries over other rows, which are keys and values alike. */
import { attention, linear, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { memo, type Scene } from "../scene.ts";
import { requireDense } from "./join.ts";
import { projected, projection, stackedProjections } from "./projection.ts";

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
    requireDense(device, "attend", true);
    const { queries, others, to, name, heads } = this;
    const [query, key, value] = stackedProjections(
      device,
      device.weights(`${name}.in_proj_weight`),
      device.weights(`${name}.in_proj_bias`),
    );
    const out = projection(
      device,
      device.weights(`${name}.out_proj.weight`),
      device.weights(`${name}.out_proj.bias`),
    );
    const made = new Map<string, Tensor<"i32">>();
    // The rows of every scan, one after the other.
    const rowsOf = (rows: number, batches: number) =>
      memo(made, `${rows}/${batches}`, () => {
        const ascending = Int32Array.from({ length: rows }, (_, row) => row);
        return device.own.use(device.ctx.tensorFrom("i32", [batches, rows / batches], ascending));
      });
    return ({ at, scene }) => {
      const other = at(others) as F32;
      using q = projected(at(queries) as F32, query);
      using k = projected(other, key);
      using v = projected(other, value);
      using joined = device.ctx.tensor("f32", q.shape);
      const groups = {
        queries: rowsOf(q.rows, scene.batches),
        keys: rowsOf(k.rows, scene.batches),
      };
      attention({ query: q, key: k, value: v }, groups, joined, heads);
      linear(joined, out.weight, at(to) as F32, { shift: out.bias });
    };
  }
}
