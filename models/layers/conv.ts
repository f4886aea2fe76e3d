/** Convolutions and products of dense rows, with what follows them in the same pass. */
import type { Device, Kernel, Layer, Layout, Parameter } from "../layer.ts";
import { weightShape } from "../layout.ts";
import { type Norm, normParameters } from "../norm.ts";
import type { Scene } from "../scene.ts";
import type { MapKey, Three, Value } from "../value.ts";
import { loadConv } from "./conv_kernels.ts";

/** What a layer learns, under the authors' names, and what follows it in the same pass. */
export interface ConvSpec {
  /** Full name of the weight: "stem.0.kernel". */
  readonly weight: string;
  readonly layout: Layout;
  /** Full name of the bias. */
  readonly bias: string | null;
  /** Batch norm after it. */
  readonly norm: Norm | null;
  readonly activation: "none" | "relu";
}

/** Of a weight's input channels, those that a layer reads. */
export interface Part {
  readonly first: number;
  readonly of: number;
  /** Whether bias and shift are left to the layer that reads the rest. */
  readonly shiftless?: boolean;
}

/** A surface fills volume^(2/3) of a kernel's cells: 9 of 27, 4 of 8. */
const FILL_EXPONENT = 2 / 3;

/** act(norm(x * weight + bias) + residual): over a kernel map, or row by row where it is null. */
export class Conv implements Layer {
  constructor(
    readonly spec: ConvSpec,
    /** Which voxels it reads; null for a 1x1x1 layer, where each row reads itself. */
    readonly map: MapKey | null,
    readonly from: Value,
    readonly to: Value,
    readonly residual: Value | null,
    readonly part: Part = { first: 0, of: from.channels },
  ) {}

  get name(): string {
    return this.spec.weight.replace(/\.(kernel|weight)$/, "");
  }

  get op(): string {
    return this.spec.layout === "linear" ? "linear" : "conv";
  }

  get reads(): Value[] {
    return this.residual === null ? [this.from] : [this.from, this.residual];
  }

  /** Kernel size along x, y, z. */
  get kernel(): Three {
    return this.map?.by.layer.kernel ?? [1, 1, 1];
  }

  get parameters(): Parameter[] {
    const { weight, layout, bias, norm } = this.spec;
    const { channels } = this.to;
    const shape = weightShape(layout, this.kernel, this.part.of, channels);
    // MinkowskiEngine's biases are rows.
    const biasShape = layout === "minkowski" ? [1, channels] : [channels];
    const volume = this.kernel.reduce((all, size) => all * size, 1);
    const terms = this.part.of * volume ** FILL_EXPONENT;
    return [
      { name: weight, shape, kind: "weight", terms },
      ...(bias === null ? [] : [{ name: bias, shape: biasShape, kind: "weight" as const }]),
      ...(norm === null ? [] : normParameters(norm, channels)),
    ];
  }

  macs(scene: Scene): number {
    const pairs = this.map === null ? scene.rows(this.to.space) : scene.pairCount(this.map);
    return pairs * this.from.channels * this.to.channels;
  }

  load(device: Device): Kernel {
    return loadConv(this, device);
  }
}
