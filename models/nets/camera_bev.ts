/**
 * What BEVFusion's camera-only networks have behind the map of the cameras: GeneralizedResNet,
 * residual blocks at falling resolution; LSSFPN, which joins the coarsest map with the first and
 * doubles the size; mmdetection3d's CenterHead.
 */
import { batchNorm } from "../blocks.ts";
import { alignedPlaces, Bilinear } from "../layers/bilinear.ts";
import type { NetworkBuilder } from "../network.ts";
import { bevSpace, type GridValue, type Planes } from "../planes.ts";
import { type CenterTasks, headsOf } from "./centerpoint.ts";

/** Channels and strides of the stages, each of two blocks. */
export type CameraStages = readonly (readonly [channels: number, stride: number])[];

/** camera-bev256d2.yaml, and centerhead/lssfpn/camera/256x704/swint. */
export const MAP_STAGES: CameraStages = [[160, 2], [320, 2], [640, 1]];
export const BOX_STAGES: CameraStages = [[128, 2], [256, 2], [512, 1]];
/** Channels of the map that heads read. */
const OUT = 256;

/** The map at the resolution of `from`. */
export function cameraDecoder(
  net: NetworkBuilder,
  planes: Planes,
  from: GridValue,
  stages: CameraStages,
): GridValue {
  let x = from;
  const maps = stages.map(([channels, stride], stage) => {
    const name = `decoder.backbone.${stage}`;
    x = basicBlock(planes, `${name}.0`, x, channels, stride);
    x = basicBlock(planes, `${name}.1`, x, channels, 1);
    return x;
  });
  return lssNeck(net, planes, maps.at(-1)!, maps[0]!);
}

/** mmcv's BasicBlock: a projection where the size or the channels change. */
function basicBlock(
  planes: Planes,
  name: string,
  from: GridValue,
  channels: number,
  stride: number,
): GridValue {
  const inner = planes.conv(`${name}.conv1`, from, channels, {
    stride,
    norm: batchNorm(`${name}.bn1`),
  });
  const same = stride === 1 && from.channels === channels;
  const residual = same ? from : planes.conv(`${name}.downsample.0`, from, channels, {
    kernel: 1,
    stride,
    padding: 0,
    norm: batchNorm(`${name}.downsample.1`),
    relu: false,
  });
  return planes.conv(`${name}.conv2`, inner, channels, {
    norm: batchNorm(`${name}.bn2`),
    residual,
  });
}

function lssNeck(net: NetworkBuilder, planes: Planes, coarse: GridValue, fine: GridValue) {
  const name = "decoder.neck";
  const joined = net.concat(enlarged(net, coarse, fine.space.size), fine);
  const fused = planes.conv(`${name}.fuse.0`, joined, OUT, {
    kernel: 1,
    norm: batchNorm(`${name}.fuse.1`),
  });
  const x = planes.conv(`${name}.fuse.3`, fused, OUT, { norm: batchNorm(`${name}.fuse.4`) });
  const [nx, ny] = x.space.size;
  const norm = batchNorm(`${name}.upsample.2`);
  return planes.conv(`${name}.upsample.1`, enlarged(net, x, [2 * nx, 2 * ny, 1]), OUT, { norm });
}

/** Bilinear, with the corner cells at the corners (align_corners True). */
function enlarged(net: NetworkBuilder, from: GridValue, size: GridValue["space"]["size"]) {
  const to = net.value(bevSpace(size), from.channels);
  const places = [0, 1].map((axis) => alignedPlaces(from.space.size[axis]!, size[axis]!));
  net.add(new Bilinear(from, to, places as [number[], number[]], "border"));
  return to;
}

/** Every head of every group: 3 x 3 to 64 channels, then 3 x 3 to its own. */
export function cameraCenterHead(
  planes: Planes,
  name: string,
  bev: GridValue,
  { groups, velocity }: CenterTasks,
): GridValue[] {
  const wide = (at: string, from: GridValue) =>
    planes.conv(`${at}.conv`, from, 64, { norm: batchNorm(`${at}.bn`) });
  const shared = wide(`${name}.shared_conv`, bev);
  return groups.flatMap((classes, task) =>
    headsOf(classes.length, velocity).map(([head, channels]) => {
      const at = `${name}.task_heads.${task}.${head === "hm" ? "heatmap" : head}`;
      return planes.conv(`${at}.1`, wide(`${at}.0`, shared), channels, { bias: true, relu: false });
    })
  );
}
