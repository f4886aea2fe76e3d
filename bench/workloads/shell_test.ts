import { assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { testSetting } from "../harness/fakes.ts";
import { shellCoords, shellInput } from "./shell.ts";

/** All cells of a cube, tested one by one. */
function bruteForce(side: number, end: number): number[] {
  const found: number[] = [];
  for (let x = 0; x < end; x++) {
    for (let y = 0; y < end; y++) {
      for (let z = 0; z < end; z++) {
        const distance = Math.hypot(...[x, y, z].map((c) => c - side / 2 + 0.5));
        if (distance <= side / 2 && distance >= side / 2 - 1.25) found.push(0, x, y, z);
      }
    }
  }
  return found;
}

Deno.test("shellCoords() holds the cells between the two spheres, sorted", () => {
  for (const side of [2, 4, 8, 16, 32]) {
    const whole = shellCoords({ side, channels: 1, part: "whole" });
    assertEquals([...whole], bruteForce(side, side));
    const octant = shellCoords({ side, channels: 1, part: "octant" });
    assertEquals([...octant], bruteForce(side, side / 2));
  }
  // What FlexGEMM's own generator gives for its smallest three.
  assertEquals(
    [8, 16, 32].map((side) => shellCoords({ side, channels: 1, part: "whole" }).length / 4),
    [192, 848, 3840],
  );
});

Deno.test("shellInput() is a layer of that width on the shell", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const input = shellInput({ side: 8, channels: 6, part: "whole" });
  using scan = input.scan(cpu, testSetting(cpu).bench.scene);
  assertEquals([scan.coords.shape, scan.feats.shape], [[192, 4], [192, 6]]);
  const [layer] = input.network().layers;
  assertEquals([layer!.reads[0]!.channels, layer!.to.channels], [6, 6]);
});
