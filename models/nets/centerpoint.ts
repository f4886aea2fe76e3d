/**
 * CenterPoint with voxels (tianweiy/CenterPoint SpMiddleResNetFHD, RPN, CenterHead; 3cf7d87): a
 * sparse encoder of residual blocks, a BEV backbone, and for every group of classes a heatmap of
 * centres with what the boxes there are like.
 */
import { type Network, NetworkBuilder, type VoxelValue } from "../network.ts";
import type { Layout } from "../layer.ts";
import { type GridValue, Planes } from "../planes.ts";
import { bevBackbone, detectionNorm, flattened, TWO_BLOCKS } from "./bev_backbone.ts";
import { type DetectionRange, rangeVoxels } from "./detection_range.ts";
import { HALVING, LAST, PADDINGS } from "./second.ts";

/** How the residual encoder is named and stored. */
export interface EncoderNames {
  readonly layout: Layout;
  readonly input: string;
  /** Of level 0 to 3: the strided convolution in front (null at level 0), the two blocks. */
  readonly levels: readonly { readonly strided: string | null; readonly blocks: string[] }[];
  readonly last: string;
  /** Whether the blocks' convolutions have biases though a norm follows. */
  readonly biases: boolean;
}

const backbone = (level: number, at: number) => `backbone.conv${level}.${at}`;

const CENTERPOINT_NAMES: EncoderNames = {
  layout: "spconv1",
  input: "backbone.conv_input",
  levels: [1, 2, 3, 4].map((level) => ({
    strided: level === 1 ? null : `backbone.conv${level}`,
    blocks: [0, 1].map((i) => backbone(level, level === 1 ? i : i + 3)),
  })),
  last: "backbone.extra_conv",
  biases: true,
};

/** Channels of the four levels. */
const WIDTHS = [16, 32, 64, 128];

/** Convolution, norm and ReLU at places 0 and 1 of a Sequential. */
const sequential = (name: string, layout: Layout) => ({
  weight: `${name}.0.weight`,
  norm: detectionNorm(`${name}.1`),
  layout,
});

/** The residual encoder: 4 levels of two blocks, the height down to 2 layers. */
export function residualEncoder(
  net: NetworkBuilder,
  input: VoxelValue,
  names: EncoderNames = CENTERPOINT_NAMES,
): VoxelValue {
  const { layout } = names;
  let x = net.conv(names.input, input, WIDTHS[0]!, sequential(names.input, layout));
  for (const [level, { strided, blocks }] of names.levels.entries()) {
    if (strided !== null) {
      x = net.conv(strided, x, WIDTHS[level]!, {
        ...sequential(strided, layout),
        kernel: HALVING,
        padding: PADDINGS[level - 1]!,
      });
    }
    for (const name of blocks) x = basicBlock(net, name, x, names);
  }
  const { last } = names;
  const how = { ...sequential(last, layout), kernel: LAST, padding: [0, 0, 0] as const };
  return net.conv(last, x, WIDTHS.at(-1)!, how);
}

/** relu(norm(conv(relu(norm(conv(x))))) + x). */
function basicBlock(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  { layout, biases }: EncoderNames,
): VoxelValue {
  const how = (i: number) => ({
    layout,
    weight: `${name}.conv${i}.weight`,
    bias: biases ? `${name}.conv${i}.bias` : null,
    norm: detectionNorm(`${name}.bn${i}`),
  });
  const inner = net.conv(name, from, from.channels, how(1));
  return net.conv(name, inner, from.channels, { ...how(2), residual: from });
}

/** The sparse encoder on its own, which engines are compared on. */
export function centerPointEncoder(range: DetectionRange, features: number): Network {
  const net = new NetworkBuilder();
  const input = net.input(rangeVoxels(range), features);
  return net.build("CenterPoint sparse encoder", [residualEncoder(net, input)]);
}

/** What a CenterPoint predicts. */
export interface CenterTasks {
  /** Classes of every group, which share a heatmap's neck. */
  readonly groups: readonly (readonly string[])[];
  /** Whether boxes have velocities. */
  readonly velocity: boolean;
}

/** det3d's groups for nuScenes. */
export const NUSCENES_TASKS: CenterTasks = {
  groups: [
    ["car"],
    ["truck", "construction_vehicle"],
    ["bus", "trailer"],
    ["barrier"],
    ["motorcycle", "bicycle"],
    ["pedestrian", "traffic_cone"],
  ],
  velocity: true,
};
/** det3d's group for Waymo, one sweep. */
export const WAYMO_TASKS: CenterTasks = {
  groups: [["VEHICLE", "PEDESTRIAN", "CYCLIST"]],
  velocity: false,
};
/** The same for two sweeps, which tell how things move. */
export const WAYMO_MOVING_TASKS: CenterTasks = { ...WAYMO_TASKS, velocity: true };

/** Heads of a group in the order of the outputs, and their channels. */
export function headsOf(
  classes: number,
  velocity: boolean,
): readonly (readonly [string, number])[] {
  return [
    ["reg", 2],
    ["height", 1],
    ["dim", 3],
    ["rot", 2],
    ...(velocity ? [["vel", 2] as const] : []),
    ["hm", classes],
  ];
}

/** CenterPoint; its outputs are the heads of every group, one group after the other. */
export function centerPoint(range: DetectionRange, tasks: CenterTasks, features: number): Network {
  const net = new NetworkBuilder();
  const input = net.input(rangeVoxels(range), features);
  const planes = new Planes(net, "yx");
  const first = flattened(planes, residualEncoder(net, input));
  const bev = bevBackbone(net, planes, first, TWO_BLOCKS, {
    blocks: "neck.blocks",
    deblocks: "neck.deblocks",
    first: 1,
    transposed: false,
  });
  return net.build("CenterPoint", centerHead(planes, bev, tasks));
}

/** Every head: 3 x 3 to 64 channels, then 3 x 3 to its own. */
function centerHead(planes: Planes, bev: GridValue, { groups, velocity }: CenterTasks) {
  const name = "bbox_head.shared_conv";
  const norm = (of: string) => ({ name: of, epsilon: 1e-5 });
  const shared = planes.conv(`${name}.0`, bev, 64, { bias: true, norm: norm(`${name}.1`) });
  return groups.flatMap((classes, task) =>
    headsOf(classes.length, velocity).map(([head, channels]) => {
      const at = `bbox_head.tasks.${task}.${head}`;
      const inner = planes.conv(`${at}.0`, shared, 64, { bias: true, norm: norm(`${at}.1`) });
      return planes.conv(`${at}.3`, inner, channels, { bias: true, relu: false });
    })
  );
}
