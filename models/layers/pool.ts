import { mapReduce } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { MapKey, Value } from "../value.ts";
import { requireDense } from "./join.ts";

/** The largest of the voxels that a kernel reaches, channel by channel. */
export class MaxPool implements Layer {
  readonly name = "max_pool";
  readonly op = "pool";
  readonly parameters = [];
  readonly reads: readonly Value[];

  constructor(readonly map: MapKey, readonly from: Value, readonly to: Value) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "pool");
    const { map, from, to } = this;
    return ({ scene, at }) => mapReduce(at(from), scene.map(map), at(to), "max");
  }
}
