import { assertEquals } from "@std/assert";
import { Context } from "../ffi/mod.ts";
import { mappedConvs } from "./dataflow.ts";
import { mapLevels } from "./map_levels.ts";
import { INPUT_VOXELS, NetworkBuilder } from "./network.ts";
import { minkunet } from "./nets/minkunet.ts";
import { sparseResNet21D } from "./nets/sparse_resnet.ts";
import { spconvBenchmark } from "./nets/spconv_benchmark.ts";
import { Scene } from "./scene.ts";
import { smallScene, testOn } from "./testing.ts";

const MINKUNET = minkunet({ ratio: 0.25, classes: 4 });

Deno.test("mapLevels() follows the strides of a network down", () => {
  const found = mapLevels(MINKUNET)!;
  assertEquals(found.first.from, INPUT_VOXELS);
  assertEquals(found.levels.map(({ space }) => space.stride[0]), [2, 4, 8, 16]);
  for (const { space, strided, own } of found.levels) {
    assertEquals([strided.to.name, own.from.name, own.to.name], Array(3).fill(space.name));
  }
});

Deno.test("mapLevels() leaves other networks alone: overlapping strides, borders, no strides", () => {
  assertEquals(mapLevels(sparseResNet21D(4, 0.25)), null);
  assertEquals(mapLevels(spconvBenchmark([9, 9, 40], [4, 6])), null);
  const net = new NetworkBuilder();
  const flat = net.conv("only", net.input(INPUT_VOXELS, 4), 8);
  assertEquals(mapLevels(net.build("flat", [flat])), null);
});

testOn(["emulated", "cuda"], "maps made in one call are those made one by one", (backend) => {
  using ctx = new Context(backend);
  using cpu = new Context("cpu", { threads: 1 });
  const keys = mappedConvs(MINKUNET).map(({ map }) => map!);
  const scenes = [9, 6].map((side) => smallScene(side).at.flatMap((cell) => [0, ...cell]));
  for (const coords of scenes) {
    using onGpu = ctx.tensorFrom("i32", [coords.length / 4, 4], Int32Array.from(coords));
    using onCpu = cpu.tensorFrom("i32", [coords.length / 4, 4], Int32Array.from(coords));
    using together = new Scene(ctx, { coords: onGpu });
    using singly = new Scene(cpu, { coords: onCpu });
    for (let pass = 0; pass < 2; pass++) {
      together.makeLevels(mapLevels(MINKUNET)!);
      for (const key of keys) {
        assertEquals(together.map(key).shape, singly.map(key).shape);
        assertEquals(together.map(key).download(), singly.map(key).download());
        assertEquals(together.coords(key.to).download(), singly.coords(key.to).download());
      }
      together.forget();
    }
  }
});
