import { assertEquals } from "@std/assert";
import { SEMANTIC_KITTI } from "./semantic_kitti.ts";

Deno.test("SEMANTIC_KITTI maps each raw class to a train class and back to its own", () => {
  const { classes, learningMap, learningMapInv, trainNames } = SEMANTIC_KITTI;
  assertEquals(Object.keys(classes), Object.keys(learningMap));
  assertEquals(learningMapInv.length, trainNames.length);
  learningMapInv.forEach((raw, train) => {
    assertEquals(learningMap[raw], train);
    assertEquals(classes[raw], trainNames[train]);
  });
});
