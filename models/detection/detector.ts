import { type Context, KernelError, type Tensor } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { featureTensor, floatsOf } from "../dtype.ts";
import type { Model } from "../model.ts";
import { Scene } from "../scene.ts";
import type { DetectedBox } from "./box.ts";
import type { DetectorModel } from "./registry.ts";
import { requireFiniteFeatures } from "../voxel_scan.ts";
import { type RigCamera, rigInputs } from "./rig.ts";
import { DetectionVoxels } from "./voxels.ts";

const OUT_OF_MEMORY = 3;

/** The points of a scan, x forward, y left, z up. */
export interface DetectorScan {
  /** Names the scan in errors. */
  readonly what: string;
  /** [N, 4]: x, y, z in metres, intensity. */
  readonly points: Float32Array;
  /** [N, F] and the names of the F values; networks read some of them. */
  readonly features: Float32Array | undefined;
  readonly names: readonly string[];
  /** For networks that see. */
  readonly cameras?: readonly RigCamera[];
}

/** Finds boxes in scans: voxels, network, decoding. */
export class Detector {
  constructor(readonly model: Model, private readonly zoo: DetectorModel) {}

  /** Whether scans must have cameras. */
  get sees(): boolean {
    return this.zoo.rig !== undefined;
  }

  /**
   * The boxes of a scan in its own frame, highest score of each group first.
   *
   * @throws {InputError} A value of a point is not finite, the points lack a value, cameras are missing, the
   * scan exceeds the memory.
   */
  predict(scan: DetectorScan): DetectedBox[] {
    try {
      return this.#predict(scan);
    } catch (cause) {
      if (!(cause instanceof KernelError) || cause.status !== OUT_OF_MEMORY) throw cause;
      const text = `Cannot run ${this.model.network.name} on ${scan.what}: ${cause.detail}`;
      throw new InputError(text, { cause });
    }
  }

  #predict(scan: DetectorScan): DetectedBox[] {
    const { zoo, model: { ctx, pool, dtype } } = this;
    const channels = 4 + zoo.features.length;
    const points = networkPoints(scan, zoo);
    requireFiniteFeatures(points, channels, scan.what);
    using voxels = DetectionVoxels.of(ctx, points, channels, zoo.range, scan.what);
    using stack = new DisposableStack();
    const feats = dtype === "f32" ? voxels.feats : stack.use(converted(ctx, dtype, voxels.feats));
    using scene = new Scene(ctx, { coords: voxels.coords }, pool);
    const seen = zoo.rig === undefined
      ? []
      : rigInputs(scan.cameras ?? [], zoo.rig, { points, channels, range: zoo.range }, scan.what);
    const inputs = this.model.network.inputs.map(({ space, channels }) => {
      // Points, where a network has some, are the voxels.
      if (space.kind !== "grid") return feats;
      return stack.use(featureTensor(ctx, dtype, [scene.rows(space), channels], seen.shift()!));
    });
    const outputs = this.model.forward(scene, inputs).map(floatsOf);
    const boxes = zoo.boxes(outputs);
    return zoo.turned ? boxes.map(turnedBack) : boxes;
  }
}

function converted(ctx: Context, dtype: Model["dtype"], feats: Tensor<"f32">) {
  return featureTensor(ctx, dtype, feats.shape, feats.download());
}

/** [N, C] as the network's authors have them. */
function networkPoints(scan: DetectorScan, zoo: DetectorModel): Float32Array {
  const { points, features, names } = scan;
  const columns = zoo.features.map((name) => {
    const column = names.indexOf(name);
    if (features !== undefined && column >= 0) return column;
    throw new InputError(
      `Cannot run a network on ${scan.what}: its points have ` +
        `${names.length === 0 ? "no further values" : names.join(", ")}, and "${name}" is needed`,
    );
  });
  const channels = 4 + columns.length;
  const n = points.length / 4;
  const out = new Float32Array(n * channels);
  for (let i = 0; i < n; i++) {
    const [x, y, z, intensity] = points.subarray(4 * i, 4 * i + 4);
    const at = i * channels;
    out[at] = zoo.turned ? -y! : x!;
    out[at + 1] = zoo.turned ? x! : y!;
    out[at + 2] = z!;
    out[at + 3] = zoo.squashed ? Math.tanh(intensity!) : intensity!;
    columns.forEach((column, c) => out[at + 4 + c] = features![i * names.length + column]!);
  }
  return out;
}

/** From x right, y forward. */
function turnedBack(box: DetectedBox): DetectedBox {
  const { centre: [x, y, z], yaw, velocity } = box;
  return {
    ...box,
    centre: [y, -x, z],
    yaw: yaw - Math.PI / 2,
    velocity: velocity && [velocity[1], -velocity[0]],
  };
}
