import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { countLayers, countParams } from "../count.ts";
import type { Network } from "../network.ts";
import { Scene } from "../scene.ts";
import {
  centerPoint,
  centerPointEncoder,
  NUSCENES_TASKS,
  WAYMO_MOVING_TASKS,
  WAYMO_TASKS,
} from "./centerpoint.ts";
import { NUSCENES_0075, NUSCENES_01, WAYMO_RANGE } from "./detection_range.ts";
import { second, secondOriginal, spvcnnSecond } from "./second.ts";

/** Learned numbers of the layers whose names begin so. */
function paramsUnder(network: Network, start: string): number {
  return countParams({ layers: network.layers.filter(({ name }) => name.startsWith(start)) });
}

/** Multiply-adds in G of the dense layers whose names begin so. */
function denseGmacs(network: Network, start: string): number {
  using ctx = new Context("cpu", { threads: 1 });
  using coords = ctx.tensorFrom("i32", [1, 4], Int32Array.of(0, 5, 6, 7));
  using scene = new Scene(ctx, { coords });
  const layers = network.layers.filter(({ name, op }) => op === "conv2d" && name.startsWith(start));
  return countLayers({ layers }, scene).reduce((sum, { macs }) => sum + macs, 0) / 1e9;
}

Deno.test("second() has the parameters and MACs of OpenPCDet's", () => {
  const network = second();
  assertEquals(paramsUnder(network, "backbone_3d"), 711_872);
  assertEquals(paramsUnder(network, "backbone_2d"), 4_576_768);
  assertEquals(paramsUnder(network, "dense_head"), 36_936);
  assertEquals(countParams(network), 5_325_576);
  assertAlmostEquals(denseGmacs(network, "backbone_2d"), 68.34, 0.005);
  assertAlmostEquals(denseGmacs(network, "dense_head"), 1.3, 0.005);
});

Deno.test("spvcnnSecond() is second() and four linear layers with norms", () => {
  const points = [[4, 16], [16, 32], [32, 64], [64, 64]]
    .reduce((sum, [cin, cout]) => sum + (cin! + 3) * cout!, 0);
  assertEquals(countParams(spvcnnSecond()), 5_325_576 + points);
});

Deno.test("secondOriginal() has the parameters and MACs of second.pytorch's", () => {
  const network = secondOriginal();
  assertEquals(paramsUnder(network, "middle"), 920_896);
  assertEquals(countParams(network), 1_826_388);
  assertAlmostEquals(denseGmacs(network, "rpn"), 31.72 + 0.09, 0.01);
});

Deno.test("centerPoint() has the parameters and MACs of its authors'", () => {
  const network = centerPoint(NUSCENES_0075, NUSCENES_TASKS, 5);
  assertEquals(paramsUnder(network, "backbone"), 2_695_312);
  assertEquals(paramsUnder(network, "neck"), 4_576_768);
  assertEquals(paramsUnder(network, "bbox_head"), 1_669_510);
  assertEquals(countParams(network), 8_941_590);
  assertAlmostEquals(denseGmacs(network, "neck"), 62.9, 0.01);
  assertAlmostEquals(denseGmacs(network, "bbox_head"), 53.86, 0.01);
  const coarse = centerPoint(NUSCENES_01, NUSCENES_TASKS, 5);
  assertAlmostEquals(denseGmacs(coarse, "neck"), 31.81, 0.01);
  assertAlmostEquals(denseGmacs(coarse, "bbox_head"), 27.24, 0.01);
  const waymo = centerPoint(WAYMO_RANGE, WAYMO_TASKS, 5);
  assertEquals(paramsUnder(waymo, "bbox_head"), 486_731);
  assertEquals(countParams(waymo), 7_758_811);
  assertAlmostEquals(denseGmacs(waymo, "neck"), 68.62, 0.01);
  assertAlmostEquals(denseGmacs(waymo, "bbox_head"), 17.16, 0.01);
  const moving = centerPoint(WAYMO_RANGE, WAYMO_MOVING_TASKS, 6);
  assertEquals(paramsUnder(moving, "bbox_head"), 524_941);
  // The first layer reads the age of points: 27 x 16 weights more.
  assertEquals(countParams(moving), 7_758_811 + 524_941 - 486_731 + 27 * 16);
  assertEquals(countParams(centerPointEncoder(NUSCENES_0075, 5)), 2_695_312);
});

Deno.test("centerPoint() and second() name their tensors as the authors' checkpoints", () => {
  const shapes = (network: Network) =>
    new Map(
      network.layers.flatMap(({ parameters }) => parameters)
        .map(({ name, shape }) => [name, shape.join()]),
    );
  const center = shapes(centerPoint(NUSCENES_0075, NUSCENES_TASKS, 5));
  assertEquals(center.get("backbone.conv_input.0.weight"), "3,3,3,5,16");
  assertEquals(center.get("backbone.conv1.0.conv1.bias"), "16");
  assertEquals(center.get("backbone.conv2.0.weight"), "3,3,3,16,32");
  assertEquals(center.get("backbone.conv2.3.conv1.weight"), "3,3,3,32,32");
  assertEquals(center.get("backbone.extra_conv.0.weight"), "3,1,1,128,128");
  assertEquals(center.get("neck.blocks.0.1.weight"), "128,256,3,3");
  assertEquals(center.get("neck.blocks.1.5.running_mean"), "256");
  assertEquals(center.get("neck.deblocks.1.0.weight"), "256,256,2,2");
  assertEquals(center.get("bbox_head.tasks.5.hm.3.weight"), "2,64,3,3");
  const anchor = shapes(second());
  assertEquals(anchor.get("backbone_3d.conv_input.0.weight"), "16,3,3,3,4");
  assertEquals(anchor.get("backbone_3d.conv2.0.0.weight"), "32,3,3,3,16");
  assertEquals(anchor.get("backbone_3d.conv2.0.1.running_var"), "32");
  assertEquals(anchor.get("backbone_3d.conv_out.0.weight"), "128,3,1,1,64");
  assertEquals(anchor.get("backbone_2d.deblocks.0.0.weight"), "128,256,1,1");
  assertEquals(anchor.get("dense_head.conv_dir_cls.weight"), "12,512,1,1");
});
