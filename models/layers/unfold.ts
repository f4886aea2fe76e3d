/** nn.Unfold of 2 x 2 with stride 2: the four cells of a block as channels, c * 4 + cell. */
import type { Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

export class Unfold implements Layer {
  readonly name = "unfold";
  readonly op = "unfold";
  readonly parameters = [];
  readonly reads: readonly GridValue[];

  constructor(readonly from: GridValue, readonly to: GridValue) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "unfold");
    return ({ at }) => {
      const out = at(this.to) as F32;
      out.upload(this.#unfolded((at(this.from) as F32).download(), out.rows));
    };
  }

  #unfolded(values: Float32Array, rows: number): Float32Array<ArrayBuffer> {
    const c = this.from.channels;
    const [h, w] = this.from.space.size;
    const [down, across] = this.to.space.size;
    const out = new Float32Array(rows * 4 * c);
    for (let row = 0; row < rows; row++) {
      const image = Math.floor(row / (down * across));
      const [y, x] = [2 * (Math.floor(row / across) % down), 2 * (row % across)];
      for (let cell = 0; cell < 4; cell++) {
        const [v, u] = [y + (cell >> 1), x + (cell & 1)];
        // An odd side is padded with zeros.
        if (v >= h || u >= w) continue;
        const from = ((image * h + v) * w + u) * c;
        for (let i = 0; i < c; i++) out[row * 4 * c + 4 * i + cell] = values[from + i]!;
      }
    }
    return out;
  }
}
