/** What transformers do to single rows: layer norm, GELU. */
import { affine, layerNorm, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { Value } from "../value.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

/** nn.LayerNorm over the channels. */
export class LayerNorm implements Layer {
  readonly op = "layer_norm";
  readonly reads: readonly Value[];

  constructor(readonly name: string, readonly from: Value, readonly to: Value) {
    this.reads = [from];
  }

  get parameters(): Parameter[] {
    return ["weight", "bias"].map((part) => ({
      name: `${this.name}.${part}`,
      shape: [this.to.channels],
      kind: "weight",
    }));
  }

  load(device: Device): Kernel {
    requireDense(device, "normalise");
    const [gamma, beta] = this.parameters.map(({ name, shape }) =>
      device.own.use(device.ctx.tensorFrom("f32", shape, device.weights(name)))
    ) as [F32, F32];
    const { from, to } = this;
    return ({ at }) => layerNorm(at(from) as F32, gamma, beta, at(to) as F32);
  }
}

/** The exact GELU. */
export class Gelu implements Layer {
  readonly name = "gelu";
  readonly op = "gelu";
  readonly parameters = [];
  readonly reads: readonly Value[];

  constructor(readonly from: Value, readonly to: Value) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "activate");
    return ({ at }) => affine(at(this.from) as F32, at(this.to) as F32, { activation: "gelu" });
  }
}
