/**
 * The view transform of LSS (Philion and Fidler 2020) as BEVFusion has it: every pixel's features
 * along its ray, weighted by how likely each depth is, summed into the BEV cells that they fall in.
 */
import {
  bevCells,
  type BevGrid,
  BevPlan,
  bevPool,
  bevPoolFused,
  type Context,
  softmax,
  split,
  type Tensor,
} from "../../ffi/mod.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

/** How the points are summed; all give the same up to rounding. */
export interface Pooling {
  /** "fused": BEVPoolv2, the product is never stored. "stored": BEVFusion's own. */
  readonly op: "fused" | "stored";
  /** Variant of bev_pool_fused or bev_pool; the backend's default when not given. */
  readonly variant?: string;
}

export class LiftSplat implements Layer {
  readonly name = "bev_pool";
  readonly op = "bev_pool";
  readonly parameters = [];
  readonly reads: readonly GridValue[];

  constructor(
    /** Depth logits, then features, of every pixel. */
    readonly from: GridValue,
    /** Where every depth of every pixel lies, in the frame of the grid: x, y, z. */
    readonly points: GridValue,
    readonly to: GridValue,
    private readonly grid: BevGrid,
    private readonly pooling: Pooling,
  ) {
    this.reads = [from, points];
  }

  load(device: Device): Kernel {
    requireDense(device, "pool", true);
    const { ctx } = device;
    const { from, points, to, grid } = this;
    const channels = to.channels;
    const bins = from.channels - channels;
    const pool = this.#poolOf(ctx);
    return ({ at, scene }) => {
      const rows = scene.rows(from.space);
      using depth = ctx.tensor("f32", [rows, bins]);
      using feats = ctx.tensor("f32", [rows, channels]);
      split(at(from) as F32, depth, feats);
      softmax(depth, depth);
      using cells = ctx.tensor("i32", [rows * bins]);
      bevCells(at(points) as F32, cells, { ...grid, batches: scene.batches }, "truncate");
      using plan = BevPlan.build(cells, scene.rows(to.space));
      pool(depth, feats, plan, at(to) as F32);
    };
  }

  #poolOf(ctx: Context): (depth: F32, feats: F32, plan: BevPlan, out: F32) => void {
    const { op, variant } = this.pooling;
    const of = (name: string) => variant === undefined ? 0 : ctx.variant(name, variant);
    if (op === "fused") {
      const index = of("bev_pool_fused");
      return (depth, feats, plan, out) => bevPoolFused(depth, feats, plan, out, 1, index);
    }
    const index = of("bev_pool");
    return (depth, feats, { order, starts, intervals }, out) => {
      using product = lifted(ctx, depth, feats);
      bevPool(product, order, starts, intervals, out, index);
    };
  }
}

/** Every depth of a pixel times its features: [pixels * D, C]. */
function lifted(ctx: Context, depth: F32, feats: F32): F32 {
  const [bins, channels] = [depth.shape[1]!, feats.shape[1]!];
  const [shares, values] = [depth.download(), feats.download()];
  const product = new Float32Array(shares.length * channels);
  for (let p = 0; p < shares.length; p++) {
    const pixel = Math.floor(p / bins) * channels;
    for (let c = 0; c < channels; c++) product[p * channels + c] = shares[p]! * values[pixel + c]!;
  }
  return ctx.tensorFrom("f32", [shares.length, channels], product);
}
