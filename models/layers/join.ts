/** Two values in one: side by side, or their sum. */
import { affine, concat } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { Value } from "../value.ts";

/** The channels of `first`, then those of `second`. */
export class Concat implements Layer {
  readonly name = "concat";
  readonly op = "concat";
  readonly parameters = [];
  readonly reads: readonly [Value, Value];

  constructor(first: Value, second: Value, readonly to: Value) {
    this.reads = [first, second];
  }

  load(device: Device): Kernel {
    requireDense(device, "concatenate");
    const [first, second] = this.reads;
    return ({ at }) => concat(at(first), at(second), at(this.to));
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

  load(device: Device): Kernel {
    requireDense(device, "add");
    const [first, second] = this.reads;
    return ({ at }) => affine(at(first), at(this.to), { residual: at(second) });
  }
}

/** Refuses what only some backends have, or only in f32. */
export function requireDense({ dense, dtype, ctx }: Device, verb: string, needsF32 = false): void {
  if (dense && (dtype === "f32" || !needsF32)) return;
  throw new InputError(
    `Cannot ${verb} rows in ${dtype} on the ${ctx.backend} backend: it has no kernel for it; ` +
      `f32 on the cpu backend has all of them`,
  );
}
