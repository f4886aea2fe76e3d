import { assertEquals } from "@std/assert";
import { FRUSTUM, frustumCells, GRID, pointsOf } from "./bev_rig.ts";

Deno.test("frustumCells() has a cell for each pixel and depth, six cameras making BEVFusion's number", () => {
  assertEquals(pointsOf(6), 1_993_728);
  const cells = frustumCells(1);
  assertEquals(cells.length, FRUSTUM.depths * FRUSTUM.height * FRUSTUM.width);
  assertEquals(cells.every((cell) => cell >= -1 && cell < GRID.cells ** 2), true);
});

Deno.test("frustumCells() puts what the front camera sees ahead, and moves out with depth", () => {
  const { height, width } = FRUSTUM;
  const cells = frustumCells(1);
  // The middle of the image at each depth, near enough to the grid's centre line.
  const columns = Array.from({ length: 100 }, (_, d) => {
    const cell = cells[(d * height + 8) * width + width / 2]!;
    return Math.floor(cell / GRID.cells);
  });
  assertEquals(columns.every((column, d) => d === 0 || column > columns[d - 1]!), true);
  // 1.7 m ahead of the centre plus 1 m of depth: 56.7 m from the low edge.
  assertEquals(columns[0], Math.floor(56.7 / GRID.meters));
});

Deno.test("frustumCells() drops points beyond the grid, and covers all sides with six cameras", () => {
  const cells = frustumCells(6);
  const dropped = cells.reduce((sum, cell) => sum + (cell < 0 ? 1 : 0), 0);
  assertEquals(dropped > 0 && dropped < cells.length / 2, true);
  const quarters = new Set<string>();
  for (const cell of cells) {
    if (cell < 0) continue;
    const [x, y] = [Math.floor(cell / GRID.cells), cell % GRID.cells];
    quarters.add(`${x < GRID.cells / 2} ${y < GRID.cells / 2}`);
  }
  assertEquals(quarters.size, 4);
});
