/**
 * MinkUNet and SPVCNN as lists of steps over numbered values: data only, no kernel is called. Sizes
 * come from a scene later, so a plan is the same for every scan.
 */

/** Level of values that have a row for each point. Level 0 has one for each voxel, 1 to 4 coarser. */
export const POINTS = -1;

/** Features between two steps. */
export interface Value {
  readonly id: number;
  readonly level: number;
  readonly channels: number;
}

/** Where a convolution reads: its kind, and the level that it starts from. */
export interface MapKey {
  /** "own" is 1x1x1: each row reads itself. */
  readonly kind: "subm3" | "down2" | "up2" | "own";
  readonly level: number;
}

/** A convolution with what follows it in the same pass. */
export interface ConvStep {
  readonly op: "conv";
  readonly map: MapKey;
  readonly from: Value;
  readonly to: Value;
  readonly residual: Value | null;
  /** Folded batch norm: the shift belongs to one of two steps that make one layer. */
  readonly shift: boolean;
  readonly relu: boolean;
}

/** Voxels to points, trilinear, or the mean of the points of each voxel. */
export interface PointStep {
  readonly op: "devoxelize" | "voxel_reduce";
  /** The level of the voxels. */
  readonly level: number;
  readonly from: Value;
  readonly to: Value;
}

/** Two values side by side, or their sum. */
export interface JoinStep {
  readonly op: "concat" | "affine";
  readonly from: Value;
  readonly other: Value;
  readonly to: Value;
}

export type Step = ConvStep | PointStep | JoinStep;

/** A network. */
export interface Plan {
  readonly input: Value;
  readonly output: Value;
  readonly steps: readonly Step[];
  /** Whether it concatenates, adds and multiplies dense rows; if not, convolutions do all of it. */
  readonly dense: boolean;
  /** Layers from input to output: what an error passes through. */
  readonly depth: number;
}

/** Channels of a level's input: x, y, z, intensity. */
const INPUT = 4;
/** Classes of SemanticKITTI. */
const CLASSES = 19;
/** Coarsest level of both networks. */
const DEEPEST = 4;

interface Ending {
  readonly residual?: Value | null;
  readonly relu?: boolean;
  readonly shift?: boolean;
}

class Builder {
  readonly steps: Step[] = [];
  #values = 0;

  constructor(private readonly dense: boolean) {}

  value(level: number, channels: number): Value {
    return { id: this.#values++, level, channels };
  }

  /** A layer with its batch norm. Two inputs are one after the other in its weights. */
  conv(
    kind: MapKey["kind"],
    from: Value | readonly [Value, Value],
    channels: number,
    { residual = null, relu = true, shift = true }: Ending = {},
  ): Value {
    if ("id" in from) {
      const map = { kind, level: from.level };
      const to = this.value(from.level + { subm3: 0, own: 0, down2: 1, up2: -1 }[kind], channels);
      this.steps.push({ op: "conv", map, from, to, residual, shift, relu });
      return to;
    }
    // The sum over the channels of both is the sum of two layers.
    const [first, second] = from;
    const half = this.conv(kind, second, channels, { residual, relu: false, shift: false });
    return this.conv(kind, first, channels, { residual: half, relu, shift });
  }

  /** relu(conv(relu(conv(x))) + skip(x)), where skip is 1x1x1 if the channels change. */
  block(from: Value | readonly [Value, Value], channels: number): Value {
    const same = "id" in from && from.channels === channels;
    const skip = same ? from : this.conv("own", from, channels, { relu: false });
    const inner = this.conv("subm3", from, channels);
    return this.conv("subm3", inner, channels, { residual: skip });
  }

  stage(from: Value, channels: number): Value {
    const halved = this.conv("down2", from, from.channels);
    return this.block(this.block(halved, channels), channels);
  }

  up(from: Value, skip: Value, channels: number): Value {
    const finer = this.conv("up2", from, channels);
    const both = this.dense
      ? this.join("concat", finer, skip, finer.channels + skip.channels)
      : [finer, skip] as const;
    return this.block(this.block(both, channels), channels);
  }

  join(op: JoinStep["op"], from: Value, other: Value, channels: number): Value {
    const to = this.value(from.level, channels);
    this.steps.push({ op, from, other, to });
    return to;
  }

  classifier(from: Value): Value {
    return this.conv("own", from, CLASSES, { relu: false });
  }

  points(op: PointStep["op"], from: Value, level: number): Value {
    const to = this.value(op === "devoxelize" ? POINTS : level, from.channels);
    this.steps.push({ op, level, from, to });
    return to;
  }

  /** Point features after a linear layer, plus those of the voxels around. */
  meet(voxels: Value, points: Value): Value {
    const around = this.points("devoxelize", voxels, voxels.level);
    const { channels } = voxels;
    if (!this.dense) return this.conv("own", points, channels, { residual: around });
    return this.join("affine", this.conv("own", points, channels), around, channels);
  }
}

/** Channels of the stem, the four stages and the four ways up at a channel ratio. */
export function channelsOf(ratio: number): number[] {
  return [32, 32, 64, 128, 256, 256, 128, 96, 96].map((width) => Math.floor(ratio * width));
}

/** Stem, eight stages of two blocks of two convolutions and a change of level, and classifier. */
const DEPTH = 2 + 8 * 5 + 1;

/** MinkUNet: every layer that multiplies. */
export function minkunet(ratio: number, dense: boolean): Plan {
  const net = new Builder(dense);
  const cs = channelsOf(ratio);
  const input = net.value(0, INPUT);
  const skips = [net.conv("subm3", net.conv("subm3", input, cs[0]!), cs[0]!)];
  for (let n = 1; n <= DEEPEST; n++) skips.push(net.stage(skips.at(-1)!, cs[n]!));
  let last = skips.pop()!;
  for (let n = 1; n <= DEEPEST; n++) last = net.up(last, skips.pop()!, cs[DEEPEST + n]!);
  const output = net.classifier(last);
  return { input, output, steps: net.steps, dense, depth: DEPTH };
}

/**
 * SPVCNN: the same with a branch of points, which meets the voxels four times. Its points are the
 * voxels of the scan, as in SPVNAS. Where it is not dense, the ReLU of a linear layer comes after
 * the features of the voxels are added and not before.
 */
export function spvcnn(ratio: number, dense: boolean): Plan {
  const net = new Builder(dense);
  const cs = channelsOf(ratio);
  const input = net.value(POINTS, INPUT);
  const voxels = net.points("voxel_reduce", input, 0);
  const stem = net.conv("subm3", net.conv("subm3", voxels, cs[0]!), cs[0]!);
  const z0 = net.points("devoxelize", stem, 0);
  const skips = [stem];
  let level = net.points("voxel_reduce", z0, 0);
  for (let n = 1; n <= DEEPEST; n++) skips.push(level = net.stage(level, cs[n]!));
  const z1 = net.meet(skips.pop()!, z0);
  const y1 = net.up(net.points("voxel_reduce", z1, DEEPEST), skips.pop()!, cs[5]!);
  const y2 = net.up(y1, skips.pop()!, cs[6]!);
  const z2 = net.meet(y2, z1);
  const y3 = net.up(net.points("voxel_reduce", z2, y2.level), skips.pop()!, cs[7]!);
  const y4 = net.up(y3, skips.pop()!, cs[8]!);
  const output = net.classifier(net.meet(y4, z2));
  return { input, output, steps: net.steps, dense, depth: DEPTH + 4 };
}

/** Which buffer each value but the input has, and what buffers there are. */
export interface Buffers {
  readonly shapes: readonly Pick<Value, "level" | "channels">[];
  /** By the value's ID. */
  readonly of: ReadonlyMap<number, number>;
}

/** A buffer of each shape is used again as soon as the last step that reads its value has run. */
export function assignBuffers({ input, output, steps }: Plan): Buffers {
  const lastRead = new Map<number, number>();
  steps.forEach((step, i) => readsOf(step).forEach(({ id }) => lastRead.set(id, i)));
  const shapes: Value[] = [];
  const free: number[] = [];
  const of = new Map<number, number>();
  const take = (value: Value) => {
    const fits = free.findIndex((i) =>
      shapes[i]!.level === value.level && shapes[i]!.channels === value.channels
    );
    of.set(value.id, fits >= 0 ? free.splice(fits, 1)[0]! : shapes.push(value) - 1);
  };
  steps.forEach((step, i) => {
    // First the output, then the release: a kernel's output may not be one of its inputs.
    take(step.to);
    const done = new Set(readsOf(step).map(({ id }) => id));
    for (const id of done) {
      if (lastRead.get(id) === i && id !== input.id && id !== output.id) free.push(of.get(id)!);
    }
  });
  return { shapes, of };
}

function readsOf(step: Step): Value[] {
  if (step.op === "concat" || step.op === "affine") return [step.from, step.other];
  return step.op === "conv" && step.residual !== null ? [step.from, step.residual] : [step.from];
}
