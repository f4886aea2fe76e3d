/** nn.Linear inside attention: rows through a matrix of PyTorch's [Cout, Cin], plus a bias. */
import { linear, type Tensor } from "../../ffi/mod.ts";
import type { Device } from "../layer.ts";
import { voxmarkWeights } from "../layout.ts";

type F32 = Tensor<"f32">;

/** On the device. */
export interface Projection {
  readonly weight: F32;
  readonly bias: F32;
}

export function projection({ ctx, own }: Device, weight: Float32Array, bias: Float32Array) {
  const [cin, cout] = [weight.length / bias.length, bias.length];
  const turned = voxmarkWeights(weight, { layout: "linear", kernel: [1, 1, 1], cin, cout });
  return {
    weight: own.use(ctx.tensorFrom("f32", [cin, cout], turned)),
    bias: own.use(ctx.tensorFrom("f32", [cout], bias)),
  };
}

/** Of queries, keys and values, whose matrices PyTorch stacks: weight [3 C, C], bias [3 C]. */
export function stackedProjections(device: Device, weight: Float32Array, bias: Float32Array) {
  const c = bias.length / 3;
  return [0, 1, 2].map((i) =>
    projection(
      device,
      weight.subarray(i * c * c, (i + 1) * c * c),
      bias.subarray(i * c, (i + 1) * c),
    )
  ) as [Projection, Projection, Projection];
}

/** `x` projected, in a tensor of its own. */
export function projected(x: F32, { weight, bias }: Projection): F32 {
  using stack = new DisposableStack();
  const out = stack.use(x.ctx.tensor("f32", [x.rows, bias.rows]));
  linear(x, weight, out, { shift: bias });
  stack.move();
  return out;
}
