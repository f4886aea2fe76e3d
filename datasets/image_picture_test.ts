import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePng } from "../std/png.ts";
import { imagePng, imageSvg } from "./image_picture.ts";
import type { Scan } from "./scan.ts";
import { scanProblems } from "./scan_checks.ts";
import { greyImage, TINY } from "./test_scans.ts";

/** A grey image of 8 x 6 pixels with labels and a box with an outline. */
const SAMPLE: Scan = {
  id: "a<b",
  points: new Float32Array(0),
  images: [greyImage(8, 6, 100)],
  labelImages: [greyImage(8, 6, 10)],
  objects: {
    boxes: Float64Array.of(2, 1, 3, 4),
    semantic: Uint16Array.of(40),
    area: Float64Array.of(12),
    crowd: Uint16Array.of(0),
    ids: ["1"],
    masks: ["[[2,1,5,1,5,5]]"],
  },
};

Deno.test("imageSvg() holds the image, its labels, boxes and outlines, and a legend", () => {
  const svg = imageSvg(SAMPLE, TINY);
  assertEquals(svg.match(/<image /g)!.length, 2);
  assertStringIncludes(svg, '<rect x="2" y="1" width="3" height="4" fill="none"');
  assertStringIncludes(svg, '<polygon points="2 1 5 1 5 5"');
  assertStringIncludes(svg, "car: 48 pixels");
  assertStringIncludes(svg, "road: 1 objects");
  assert(!svg.includes("a<b"), "the id is escaped");
});

Deno.test("imagePng() mixes labels into the image and draws boxes inside it", () => {
  const { width, height, samples } = decodePng(imagePng(SAMPLE, TINY));
  assertEquals([width, height], [8, 6]);
  const pixel = (
    x: number,
    y: number,
  ) => [...samples.subarray(3 * (8 * y + x), 3 * (8 * y + x) + 3)];
  assertEquals(pixel(0, 0), pixel(7, 5));
  assert(pixel(2, 1).join() !== pixel(0, 0).join(), "the corner of the box");
  assertEquals(pixel(2, 1), pixel(5, 5));
  assertEquals(pixel(3, 3), pixel(0, 0));
  const outside = { ...SAMPLE.objects!, boxes: Float64Array.of(-1e9, -5, 2e9, 1e9) };
  assertEquals(decodePng(imagePng({ ...SAMPLE, objects: outside }, TINY)).width, 8);
});

Deno.test("scanProblems() checks objects, their classes and label images", () => {
  assertEquals(scanProblems(SAMPLE, TINY), []);
  const objects = (change: object) =>
    scanProblems({ ...SAMPLE, objects: { ...SAMPLE.objects!, ...change } }, TINY)[0];
  assertStringIncludes(
    objects({ boxes: Float64Array.of(2, 1, 0, 4) })!,
    "object 0 has the box 2, 1, 0",
  );
  assertStringIncludes(
    objects({ boxes: Float64Array.of(8, 1, 3, 4) })!,
    "outside its image of 8 x 6",
  );
  assertStringIncludes(objects({ masks: ["[[1"] })!, "the mask of object 0 is no JSON");
  assertStringIncludes(objects({ semantic: Uint16Array.of(9) })!, "class 9 is unknown: object 0");
  assertStringIncludes(objects({ ids: [] })!, "1 objects, 1 object classes");
  const labelled = (image: Uint8Array) => scanProblems({ ...SAMPLE, labelImages: [image] }, TINY);
  assertStringIncludes(labelled(greyImage(8, 6, 3))[0]!, "class 3 is unknown: 48 pixels");
  assertStringIncludes(
    labelled(greyImage(6, 8, 10))[0]!,
    "label image 0 is 6 x 8 pixels, not 8 x 6",
  );
  assertStringIncludes(labelled(greyImage(8, 6, 10).subarray(0, 40))[0]!, "label image 0");
  const two = { ...SAMPLE, labelImages: [greyImage(8, 6, 10), greyImage(8, 6, 10)] };
  assertStringIncludes(scanProblems(two, TINY)[0]!, "it has 1 images and 2 labelImages");
});
