/**
 * BEVFusion (mit-han-lab/bevfusion, the tree of f39a4a0): cameras and LiDAR meet in a BEV map, from
 * which boxes or a map of the road are read. Maps are [X, Y], as the authors' are [C, X, Y].
 */
import type { BevGrid } from "../../ffi/mod.ts";
import { batchNorm } from "../blocks.ts";
import { depthBins, type Frustum } from "../detection/camera.ts";
import { Bilinear, scaledPlaces } from "../layers/bilinear.ts";
import { LiftSplat, type Pooling } from "../layers/lift_splat.ts";
import type { Parameter } from "../layer.ts";
import { type Network, NetworkBuilder, type VoxelValue } from "../network.ts";
import { bevSpace, type GridValue, Planes } from "../planes.ts";
import type { GridSpace, Three } from "../value.ts";
import {
  bevBackbone,
  type BevNames,
  type FirstConv,
  flattened,
  TWO_BLOCKS,
} from "./bev_backbone.ts";
import { BOX_STAGES, cameraCenterHead, cameraDecoder, MAP_STAGES } from "./camera_bev.ts";
import { type EncoderNames, NUSCENES_TASKS, residualEncoder } from "./centerpoint.ts";
import { type DetectionRange, NUSCENES_0075, NUSCENES_01, rangeVoxels } from "./detection_range.ts";
import { swin, swinIndices } from "./swin.ts";
import { transfusionHead } from "./transfusion.ts";

/** Cameras of nuScenes. */
const CAMERAS = 6;
/** Channels of pixels on their way to the map, and of the map. */
const LIFTED = 80;
/** Of LiDAR points: x, y, z, intensity, age. */
const POINT_FEATURES = 5;

/** What a BEVFusion is for. */
export interface FusionTask {
  readonly range: DetectionRange;
  /** Cells of the camera's map, in metres, before it is halved. */
  readonly cell: number;
  /** Whether the depth of LiDAR points is read with the image. */
  readonly depthMap: boolean;
  readonly frustum: Frustum;
  readonly cameras: number;
  readonly head:
    | { readonly kind: "boxes"; readonly classes: number }
    | { readonly kind: "map"; readonly classes: number };
}

/** Images and rays of all published configurations. */
const NUSCENES_FRUSTUM: Frustum = {
  image: [256, 704],
  features: [32, 88],
  depth: [1, 60, 0.5],
};

/** det/transfusion/secfpn/camera+lidar/swint_v0p075/convfuser.yaml */
export const FUSION_BOXES: FusionTask = {
  range: NUSCENES_0075,
  cell: 0.3,
  depthMap: true,
  frustum: NUSCENES_FRUSTUM,
  cameras: CAMERAS,
  head: { kind: "boxes", classes: 10 },
};

/** seg/fusion-bev256d2-lss.yaml */
export const FUSION_MAP: FusionTask = {
  range: { ...NUSCENES_01, maxVoxels: 120_000 },
  cell: 0.4,
  depthMap: false,
  frustum: NUSCENES_FRUSTUM,
  cameras: CAMERAS,
  head: { kind: "map", classes: 6 },
};

/** det/centerhead/lssfpn/camera/256x704/swint/default.yaml, for `cameraFusion`. */
export const CAMERA_BOXES: FusionTask = { ...FUSION_MAP, head: FUSION_BOXES.head };

const ENCODER = "encoders.lidar.backbone";
const LIDAR_NAMES: EncoderNames = {
  layout: "spconv1-xyz",
  input: `${ENCODER}.conv_input`,
  levels: [1, 2, 3, 4].map((level) => ({
    strided: level === 1 ? null : `${ENCODER}.encoder_layers.encoder_layer${level - 1}.2`,
    blocks: [0, 1].map((i) => `${ENCODER}.encoder_layers.encoder_layer${level}.${i}`),
  })),
  last: `${ENCODER}.conv_out`,
  biases: false,
};
const DECODER: BevNames = {
  blocks: "decoder.backbone.blocks",
  deblocks: "decoder.neck.deblocks",
  first: 0,
  transposed: false,
};

/**
 * BEVFusion with cameras and LiDAR. Its inputs: voxels; images [cameras, H, W, 3]; the points of
 * `frustumPoints`; and, where the task reads them, `depthMaps`.
 */
export function bevFusion(
  task: FusionTask = FUSION_BOXES,
  pooling: Pooling = { op: "fused" },
): Network {
  const net = new NetworkBuilder();
  const planes = new Planes(net, "xy");
  const lidar = lidarEncoder(net, task.range);
  const camera = cameraMap(net, planes, task, pooling);
  const norm = batchNorm("fuser.1");
  const fused = planes.fuse("fuser.0", camera, lidar, 256, { norm });
  const first: FirstConv = (name, channels, how) => planes.conv(name, fused, channels, how);
  const unused = [...swinIndices(SWIN), ...viewTransformBuffers(task)];
  return net.build("BEVFusion", decoded(net, planes, first, task), unused);
}

/** BEVFusion without cameras: TransFusion-L. */
export function lidarFusion(task: FusionTask = FUSION_BOXES): Network {
  const net = new NetworkBuilder();
  const planes = new Planes(net, "xy");
  const first = flattened(planes, lidarEncoder(net, task.range));
  return net.build("BEVFusion, LiDAR only", decoded(net, planes, first, task));
}

/** BEVFusion without LiDAR. Its inputs: images and the points of `frustumPoints`. */
export function cameraFusion(task: FusionTask, pooling: Pooling = { op: "fused" }): Network {
  const net = new NetworkBuilder();
  const planes = new Planes(net, "xy");
  const { head, range } = task;
  const stages = head.kind === "boxes" ? BOX_STAGES : MAP_STAGES;
  const bev = cameraDecoder(net, planes, cameraMap(net, planes, task, pooling), stages);
  const unused = [...swinIndices(SWIN), ...viewTransformBuffers(task)];
  const outputs = head.kind === "boxes"
    ? cameraCenterHead(planes, "heads.object", bev, NUSCENES_TASKS)
    : [mapHead(net, planes, bev, range, head.classes)];
  return net.build("BEVFusion, cameras only", outputs, unused);
}

function lidarEncoder(net: NetworkBuilder, range: DetectionRange): VoxelValue {
  return residualEncoder(net, net.input(rangeVoxels(range), POINT_FEATURES), LIDAR_NAMES);
}

function decoded(
  net: NetworkBuilder,
  planes: Planes,
  first: FirstConv,
  { head, range }: FusionTask,
): GridValue[] {
  const bev = bevBackbone(net, planes, first, TWO_BLOCKS, DECODER);
  if (head.kind === "boxes") {
    return transfusionHead(net, planes, "heads.object", bev, head.classes);
  }
  return [mapHead(net, planes, bev, range, head.classes)];
}

const SWIN = "encoders.camera.backbone";
const NECK = "encoders.camera.neck";
const VIEW = "encoders.camera.vtransform";

/** Images to a BEV map of 80 channels. */
function cameraMap(
  net: NetworkBuilder,
  planes: Planes,
  task: FusionTask,
  pooling: Pooling,
): GridValue {
  const { frustum: { image: [height, width] }, cameras: copies } = task;
  const space: GridSpace = { ...bevSpace([height, width, 1]), copies };
  const images = net.input(space, 3);
  const points = net.input(pointSpace(task), 3);
  const pixels = lssFpn(net, planes, swin(net, SWIN, images));
  const depths = depthBins(task.frustum);
  const rays = task.depthMap
    ? depthNet(net, planes, pixels, net.input(space, 1), depths)
    : planes.conv(`${VIEW}.depthnet`, pixels, depths + LIFTED, {
      kernel: 1,
      bias: true,
      relu: false,
    });
  const grid = mapGrid(task);
  const splat = net.value(bevSpace(grid.cells), LIFTED);
  net.add(new LiftSplat(rays, points, splat, grid, pooling));
  return halved(planes, splat);
}

/** One layer of cells, in metres. */
const HEIGHT_LOW = -10;
const HEIGHT_SIZE = 20;

function mapGrid({ range: { low, high }, cell }: FusionTask): BevGrid {
  const cells = (axis: 0 | 1) => Math.round((high[axis] - low[axis]) / cell);
  return {
    low: [low[0], low[1], HEIGHT_LOW],
    size: [cell, cell, HEIGHT_SIZE],
    cells: [cells(0), cells(1), 1],
  };
}

/** One row a depth of a pixel. */
function pointSpace({ frustum, cameras }: FusionTask): GridSpace {
  const [rows, columns] = frustum.features;
  return { ...bevSpace([rows * columns * depthBins(frustum), 1, 1]), copies: cameras };
}

/** GeneralizedLSSFPN: coarser features brought up beside finer ones; the finest go on. */
function lssFpn(net: NetworkBuilder, planes: Planes, levels: readonly GridValue[]): GridValue {
  let x = levels.at(-1)!;
  for (let i = levels.length - 2; i >= 0; i--) {
    const joined = net.concat(levels[i]!, resized(net, x, levels[i]!.space));
    const [lateral, smooth] = [`${NECK}.lateral_convs.${i}`, `${NECK}.fpn_convs.${i}`];
    const how = { kernel: 1, norm: batchNorm(`${lateral}.bn`) };
    x = planes.conv(`${lateral}.conv`, joined, 256, how);
    x = planes.conv(`${smooth}.conv`, x, 256, { norm: batchNorm(`${smooth}.bn`) });
  }
  return x;
}

function resized(net: NetworkBuilder, from: GridValue, space: GridSpace): GridValue {
  const to = net.value(space, from.channels);
  const places = ([0, 1] as const).map((axis) =>
    scaledPlaces(from.space.size[axis], space.size[axis])
  ) as [number[], number[]];
  net.add(new Bilinear(from, to, places, "border"));
  return to;
}

/** DepthLSSTransform: the image of LiDAR depths, eight times smaller, beside the pixels. */
function depthNet(
  net: NetworkBuilder,
  planes: Planes,
  pixels: GridValue,
  depths: GridValue,
  bins: number,
): GridValue {
  const block = (part: string, i: number, from: GridValue, channels: number, how = {}) => {
    const name = `${VIEW}.${part}`;
    const norm = batchNorm(`${name}.${i + 1}`);
    return planes.conv(`${name}.${i}`, from, channels, { bias: true, norm, ...how });
  };
  let d = block("dtransform", 0, depths, 8, { kernel: 1 });
  d = block("dtransform", 3, d, 32, { kernel: 5, stride: 4 });
  d = block("dtransform", 6, d, 64, { kernel: 5, stride: 2 });
  let x = block("depthnet", 0, net.concat(d, pixels), 256);
  x = block("depthnet", 3, x, 256);
  const last = { kernel: 1, bias: true, relu: false };
  return planes.conv(`${VIEW}.depthnet.6`, x, bins + LIFTED, last);
}

/** The map at half its resolution. */
function halved(planes: Planes, from: GridValue): GridValue {
  return [1, 2, 1].reduce((x, stride, i) => {
    const name = `${VIEW}.downsample`;
    const norm = batchNorm(`${name}.${3 * i + 1}`);
    return planes.conv(`${name}.${3 * i}`, x, LIFTED, { stride, norm });
  }, from);
}

/** The map that classes of the road are asked on: metres, and a cell. */
const ROAD: Three = [-50, 50, 0.5];

/** BEVSegmentationHead: logits of every class on a map of 200 x 200. */
function mapHead(
  net: NetworkBuilder,
  planes: Planes,
  bev: GridValue,
  range: DetectionRange,
  classes: number,
): GridValue {
  const [first, end, step] = ROAD;
  const count = Math.round((end - first) / step);
  const places = ([0, 1] as const).map((axis) => {
    const cell = (range.high[axis] - range.low[axis]) / bev.space.size[axis];
    return Array.from(
      { length: count },
      (_, i) => (first + (i + 0.5) * step - range.low[axis]) / cell - 0.5,
    );
  }) as [number[], number[]];
  const sampled = net.value(bevSpace([count, count, 1]), bev.channels);
  net.add(new Bilinear(bev, sampled, places, "zeros"));
  const name = "heads.map.classifier";
  const wide = (i: number, from: GridValue) =>
    planes.conv(`${name}.${i}`, from, bev.channels, { norm: batchNorm(`${name}.${i + 1}`) });
  const x = wide(3, wide(0, sampled));
  return planes.conv(`${name}.6`, x, classes, { kernel: 1, bias: true, relu: false });
}

/** What checkpoints have of the view transform beside its layers. */
function viewTransformBuffers({ frustum }: FusionTask): Parameter[] {
  const buffer = (part: string, shape: number[]): Parameter => ({
    name: `${VIEW}.${part}`,
    shape,
    kind: "buffer",
  });
  const vectors = ["dx", "bx", "nx"].map((part) => buffer(part, [3]));
  return [...vectors, buffer("frustum", [depthBins(frustum), ...frustum.features, 3])];
}
