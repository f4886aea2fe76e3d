import { assertEquals, assertThrows } from "@std/assert";
import { geometry, KernelError, kernelMap, kernelVolume, stridedMap } from "./mod.ts";
import { coordsTensor, randomCoords, sortedUnique, testEach } from "./testing.ts";

testEach("all maps of a network on several queues are those of one queue", (ctx) => {
  const [subm, down] = [geometry(3), geometry(2, 2)];
  using fine = coordsTensor(ctx, sortedUnique(randomCoords(600, 12, 1, -6, 2)));
  const n = fine.rows;
  using coarse = ctx.tensor("i32", [n, 4]);
  using downMap = ctx.tensor("i32", [8, n]);
  using count = ctx.tensor("i64", [1]);
  stridedMap(fine, coarse, downMap, count, down);
  coarse.setRows(Number(count.download()[0]));
  using fineMap = ctx.tensor("i32", [kernelVolume(subm), n]);
  using coarseMap = ctx.tensor("i32", [kernelVolume(subm), coarse.rows]);
  const maps = () => [fineMap, coarseMap].map((map) => map.download());
  kernelMap(fine, fine, fineMap, subm);
  kernelMap(coarse, coarse, coarseMap, subm);
  const inOrder = maps();
  using room = ctx.tensor("i32", [n, 4]);
  for (const map of [fineMap, coarseMap]) map.upload(new Int32Array(map.length));

  ctx.onQueue(1, () => kernelMap(fine, fine, fineMap, subm));
  stridedMap(fine, room, downMap, count, down);
  ctx.onQueue(2, () => kernelMap(coarse, coarse, coarseMap, subm));
  ctx.join();

  assertEquals(maps(), inOrder);
  assertEquals(room.setRows(coarse.rows).download(), coarse.download());
});

testEach("onQueue() comes back to queue 0, also from an op that fails", (ctx) => {
  using coords = coordsTensor(ctx, Int32Array.of(0, 1, 2, 3));
  using wrong = ctx.tensor("i32", [1, 1]);
  assertThrows(
    () => ctx.onQueue(1, () => kernelMap(coords, coords, wrong, geometry(3))),
    KernelError,
    "map: dimension 0 is 1, not 27",
  );
  assertThrows(() => ctx.onQueue(4, () => {}), KernelError, "Cannot choose queue 4: there are 4");
  assertEquals([...coords.download()], [0, 1, 2, 3]);
});
