/** Two values in one: side by side, or their sum. */
import { affine, concat, type Tensor } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { Value } from "../value.ts";

type F32 = Tensor<"f32">;

/** The channels of `first`, then those of `second`. */
export class Concat implements Layer {
  readonly name = "concat";
  readonly op = "concat";
  readonly parameters = [];
  readonly reads: readonly [Value, Value];

  constructor(first: Value, second: Value, readonly to: Value) {
    this.reads = [first, second];
  }

  macs(): number {
    return 0;
  }

  load(device: Device): Kernel {
    requireDense(device, "concatenate");
    const [first, second] = this.reads;
    return ({ at }) => concat(at(first) as F32, at(second) as F32, at(this.to) as F32);
  }
}

/** first + second. */
export class Add implements Layer {
  readonly name = "add";
  readonly op = "add";
  readonly parameters = [];
  readonly reads: readonly [Value, Value];

  constructor(first: Value, second: Value, readonly to: Value) {
    this.reads = [first, second];
  }

  macs(): number {
    return 0;
  }

  load(device: Device): Kernel {
    requireDense(device, "add");
    const [first, second] = this.reads;
    return ({ at }) =>
      affine(at(first) as F32, at(this.to) as F32, { residual: at(second) as F32 });
  }
}

/** Refuses what the kernels have in f32 and on some backends only. */
export function requireDense({ dense, dtype, ctx }: Device, verb: string): void {
  if (dense) return;
  throw new InputError(
    `Cannot ${verb} rows in ${dtype} on the ${ctx.backend} backend: it has no kernel for it; ` +
      `f32 on the cpu backend has all of them`,
  );
}
