import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { sharedPath } from "../../std/testing.ts";
import { countLayers, countParams, parametersOf } from "../count.ts";
import type { Network } from "../network.ts";
import { Scene } from "../scene.ts";
import { bevFusion, cameraFusion, FUSION_MAP, lidarFusion } from "./bevfusion.ts";

/** Layers whose names begin so. */
const under = ({ layers }: Network, start: string) =>
  layers.filter(({ name }) => name.startsWith(start));

function gmacs(layers: Network["layers"]): number {
  using ctx = new Context("cpu", { threads: 1 });
  using coords = ctx.tensorFrom("i32", [1, 4], Int32Array.of(0, 5, 6, 7));
  using scene = new Scene(ctx, { coords });
  const dense = layers.filter(({ op }) => op !== "conv");
  return countLayers({ layers: dense }, scene).reduce((sum, { macs }) => sum + macs, 0) / 1e9;
}

Deno.test("bevFusion() has the parameters of its authors', part by part", () => {
  const boxes = bevFusion();
  const params = (network: Network, start: string) =>
    countParams({ layers: under(network, start) });
  assertEquals(params(boxes, "encoders.camera.backbone"), 27_520_506);
  assertEquals(params(boxes, "encoders.camera.neck"), 1_591_296);
  assertEquals(params(boxes, "encoders.camera.vtransform"), 1_610_726);
  assertEquals(params(boxes, "encoders.lidar"), 2_694_352);
  assertEquals(params(boxes, "fuser"), 774_656);
  assertEquals(params(boxes, "decoder.backbone"), 4_280_832);
  assertEquals(params(boxes, "decoder.neck"), 295_936);
  assertEquals(params(boxes, "heads.object"), 1_034_910);
  assertEquals(countParams(boxes), 39_803_214);
  assertEquals(countParams(lidarFusion()), 8_306_030);
  const map = bevFusion(FUSION_MAP);
  assertEquals(params(map, "encoders.camera.vtransform"), 224_166);
  assertEquals(params(map, "heads.map"), 4_723_718);
  assertEquals(countParams(map), 42_105_462);
  assertEquals(countParams(cameraFusion(FUSION_MAP)), 49_118_566);
});

Deno.test("bevFusion() has the multiply-adds of its authors' dense parts", () => {
  const boxes = bevFusion();
  const of = (...starts: string[]) => gmacs(starts.flatMap((start) => under(boxes, start)));
  const view = "encoders.camera.vtransform";
  assertAlmostEquals(of("encoders.camera.backbone"), 111.97, 0.01);
  assertAlmostEquals(of("encoders.camera.neck"), 15.64, 0.01);
  assertAlmostEquals(of(`${view}.dtransform`, `${view}.depthnet`), 24.59, 0.01);
  assertAlmostEquals(of(`${view}.downsample`), 11.2, 0.01);
  assertAlmostEquals(of("fuser"), 25.08, 0.01);
  assertAlmostEquals(of("decoder.backbone"), 59.72, 0.01);
  assertAlmostEquals(of("decoder.neck"), 3.19, 0.01);
});

Deno.test("bevFusion() names and shapes its tensors as the authors' dump", () => {
  const path = sharedPath("reference/state_dicts/bevfusion.txt");
  if (path === undefined) return;
  const dumped = Deno.readTextFileSync(path).split("\n").flatMap((line) => {
    const found = /^([a-z][\w.]+\.[\w.]+) \(([\d, ]*)\)$/.exec(line);
    return found === null ? [] : [[found[1]!, found[2]!.match(/\d+/g)!.join()] as const];
  });
  assertEquals(dumped.length, 232);
  const ours = new Map(
    [bevFusion(), bevFusion(FUSION_MAP)].flatMap(parametersOf)
      .map(({ name, shape }) => [name, shape.join()]),
  );
  for (const [name, shape] of dumped) {
    // The dump has the view transform of the boxes.
    if (name.startsWith("encoders.camera.vtransform.depthnet")) continue;
    assertEquals(ours.get(name), shape, name);
  }
  const view = new Map(parametersOf(bevFusion()).map(({ name, shape }) => [name, shape.join()]));
  const depthnet = dumped.filter(([name]) => name.includes("depthnet"));
  assertEquals(depthnet.length, 10);
  for (const [name, shape] of depthnet) assertEquals(view.get(name), shape, name);
});
