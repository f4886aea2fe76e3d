/**
 * Convolutions whose outputs are the cells of a dense grid: nn.Conv2d and nn.ConvTranspose2d. Read
 * from voxels, one does the height compression as well: the voxels of a column are its cell's
 * channels, c * depth + z, so that a kernel of (k, k, depth) over voxels is one of (k, k) over them.
 */
import {
  convNeedsPairs,
  convTakesOrder,
  type Feature,
  linear,
  type Pairs,
  type RowOrder,
  sparseConv,
  type Tensor,
} from "../../ffi/mod.ts";
import { featureTensor } from "../dtype.ts";
import type { Device, Kernel, Layer, Parameter, Run } from "../layer.ts";
import { type Norm, normParameters } from "../norm.ts";
import type { Scene } from "../scene.ts";
import type { GridSpace, Stride, Three, Value, VoxelSpace } from "../value.ts";
import type { Part } from "./conv.ts";
import { epilogueOf, residualOf } from "./conv_kernels.ts";

type F32 = Tensor<"f32">;

/** The axis of the grid that the first spatial axis of a weight runs along. */
export type WeightAxes = "xy" | "yx";

/** What a layer learns, under the authors' names, and what follows it in the same pass. */
export interface Conv2dSpec {
  readonly weight: string;
  readonly bias: string | null;
  readonly norm: Norm | null;
  readonly activation: "none" | "relu";
  readonly axes: WeightAxes;
}

/** act(norm(conv(x) + bias) + residual) on a grid. */
export class Conv2d implements Layer {
  readonly op = "conv2d";

  constructor(
    readonly spec: Conv2dSpec,
    /** Along x, y and, over voxels, z; padding as PyTorch's. */
    readonly by: Stride,
    readonly from: Value & { readonly space: GridSpace | VoxelSpace },
    readonly to: Value & { readonly space: GridSpace },
    readonly transposed = false,
    readonly residual: Value | null = null,
    readonly part: Part = { first: 0, of: from.channels * depthOf(from.space) },
  ) {}

  get name(): string {
    return this.spec.weight.replace(/\.weight$/, "");
  }

  get reads(): Value[] {
    return this.residual === null ? [this.from] : [this.from, this.residual];
  }

  /** Channels that it reads of the grid: those of all voxels of a column. */
  get inputs(): number {
    return this.from.channels * depthOf(this.from.space);
  }

  get #area(): number {
    const [x, y] = this.by.layer.kernel;
    return x * y;
  }

  get parameters(): Parameter[] {
    const { spec: { weight, bias, norm, axes }, by, to: { channels }, part } = this;
    const [x, y] = by.layer.kernel;
    const spatial = axes === "xy" ? [x, y] : [y, x];
    const ends = this.transposed ? [part.of, channels] : [channels, part.of];
    // Of a transposed kernel, each output sees one in stride^2 weights.
    const seen = this.transposed ? by.layer.stride[0] * by.layer.stride[1] : 1;
    const terms = part.of * this.#area / seen;
    return [
      { name: weight, shape: [...ends, ...spatial], kind: "weight", terms },
      ...(bias === null ? [] : [{ name: bias, shape: [channels], kind: "weight" as const }]),
      ...(norm === null ? [] : normParameters(norm, channels)),
    ];
  }

  /** Padding counts, as in torchprofile and thop: a dense layer knows no missing inputs. */
  macs(scene: Scene): number {
    const rows = scene.rows(this.transposed ? this.from.space : this.to.space);
    return rows * this.#area * this.inputs * this.to.channels;
  }

  load(device: Device): Kernel {
    const { spec, from, to } = this;
    const weight = this.#weights(device.weights(spec.weight));
    const fixed = epilogueOf(this, device);
    const ends = [from.channels, to.channels];
    const alone = weight.length === ends[0]! * ends[1]! && isUnit(this.by) && device.dense;
    const shape = alone ? ends : [weight.length / (ends[0]! * ends[1]!), ...ends];
    const on = device.own.use(featureTensor(device.ctx, device.dtype, shape, weight));
    if (alone && from.space.kind === "grid") {
      return (run) =>
        linear(run.at(from) as F32, on as F32, run.at(to) as F32, {
          ...fixed,
          ...residualOf<"f32">(this, run),
        });
    }
    const variant = device.dataflow(this);
    const listed = convNeedsPairs(device.ctx, variant);
    const sorted = convTakesOrder(device.ctx, variant);
    return (run) => {
      const { map, pairs, order } = this.#map(device, run);
      const epilogue = { ...fixed, ...residualOf<Feature>(this, run) };
      const made = listed ? pairs() : sorted ? order() : null;
      sparseConv(run.at(from), on, map, made, run.at(to), variant, epilogue);
    };
  }

  #map(device: Device, { scene }: Run): MapOnDevice {
    const { from: { space }, to, by, transposed } = this;
    if (space.kind === "voxels") {
      const map = scene.gridMap(space, to.space, by);
      return { map, pairs: () => scene.pairs(map), order: () => scene.rowOrder(map, 1) };
    }
    const made = device.grids.of({ from: space, to: to.space, by, transposed }, scene.batches);
    return { map: made.map, pairs: () => made.pairs, order: () => made.rowOrder };
  }

  /** PyTorch's weight as [KV, Cin, Cout] in the offset order of voxmark.h. */
  #weights(theirs: Float32Array): Float32Array {
    const { by: { layer: { kernel } }, to: { channels: cout }, part, transposed } = this;
    const [kx, ky, kz] = kernel;
    const cin = this.inputs / kz;
    const out = new Float32Array(kx * ky * kz * cin * cout);
    const area = kx * ky;
    for (let x = 0; x < kx; x++) {
      for (let y = 0; y < ky; y++) {
        const tap = this.spec.axes === "xy" ? x * ky + y : y * kx + x;
        for (let z = 0; z < kz; z++) {
          const to = offsetIndex(kernel, x, y, z) * cin * cout;
          for (let c = 0; c < cin; c++) {
            const input = part.first + c * kz + z;
            for (let o = 0; o < cout; o++) {
              const ends = transposed ? input * cout + o : o * part.of + input;
              out[to + c * cout + o] = theirs[ends * area + tap]!;
            }
          }
        }
      }
    }
    return out;
  }
}

/** A map, and what a dataflow may read beside it. */
interface MapOnDevice {
  readonly map: Tensor<"i32">;
  readonly pairs: () => Pairs;
  readonly order: () => RowOrder;
}

/** Odd kernels x fastest, even ones z fastest. */
const offsetIndex = ([kx, ky, kz]: Three, x: number, y: number, z: number) =>
  kx * ky * kz % 2 === 1 ? (z * ky + y) * kx + x : (x * ky + y) * kz + z;

/** Voxels of a column of a space with borders; a grid here is flat. */
export function depthOf(space: GridSpace | VoxelSpace): number {
  if (space.kind === "grid") return 1;
  if (space.shape !== null) return space.shape[2];
  throw new RangeError(`Cannot flatten the voxels ${space.name}: they have no borders`);
}

const isUnit = ({ layer: { stride }, padding }: Stride) =>
  [...stride].every((step) => step === 1) && (padding ?? [0]).every((pad) => pad === 0);
