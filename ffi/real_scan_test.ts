/** Counts on a real scan that others have published or computed: maps that are wrong cannot meet them. */
import { assertEquals } from "@std/assert";
import { sharedPath } from "../std/testing.ts";
import {
  Context,
  geometry,
  groupVoxels,
  KernelMap,
  outputCoords,
  quantize,
  variants,
} from "./mod.ts";

const path = sharedPath("data/semantickitti/sequences/08/velodyne/000000.bin");

/** Voxel coordinates as SPVNAS makes them: round(xyz / 0.05), minus the lowest of each axis. */
function quantized(ctx: Context, points: Float32Array): Int32Array {
  const n = points.length / 4;
  using cloud = ctx.tensorFrom("f32", [n, 4], points);
  using coords = ctx.tensor("i32", [n, 4]);
  quantize(cloud, null, coords, [0.05, 0.05, 0.05], [0, 0, 0], "round");
  const cells = coords.download();
  const low = [0, 1, 2, 3].map((axis) => {
    let least = Infinity;
    for (let i = axis; i < cells.length; i += 4) least = Math.min(least, cells[i]!);
    return least;
  });
  return cells.map((value, at) => value - low[at % 4]!);
}

Deno.test({
  name: "voxels and kernel maps of SemanticKITTI 08/000000 have the counts of the authors' code",
  ignore: path === undefined,
  fn: () => {
    using ctx = new Context("cpu");
    using stack = new DisposableStack();
    const points = new Float32Array(Deno.readFileSync(path!).buffer);
    const cells = quantized(ctx, points);
    using coords = ctx.tensorFrom("i32", [cells.length / 4, 4], cells);
    using voxels = groupVoxels(coords);
    const levels = [voxels.coords];
    for (let i = 0; i < 4; i++) levels.push(stack.use(outputCoords(levels[i]!, geometry(2, 2))));
    // From counting with the authors' modules: see the MACs that SPVNAS publishes.
    assertEquals(levels.map((level) => level.rows), [94625, 68931, 42166, 21525, 9522]);
    for (const [v, variant] of variants("cpu", "kernel_map").entries()) {
      const pairs = levels.map((level) => {
        using map = KernelMap.build(level, level, geometry(3), v);
        return map.pairCount;
      });
      assertEquals(pairs, [286263, 309177, 267754, 166517, 82740], variant);
      using wide = KernelMap.build(levels[0]!, levels[0]!, geometry(5), v);
      assertEquals(wide.pairCount, 614511, variant);
      using down = KernelMap.build(levels[0]!, levels[1]!, geometry(2, 2), v);
      assertEquals(down.pairCount, 94625, variant);
    }
  },
});
