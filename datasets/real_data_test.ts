/** Real recordings beside the project convert, verify and draw. */
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { openScans } from "./arrow_scans.ts";
import { visiblePoints } from "./cameras.ts";
import { parseNpz } from "../std/npz.ts";
import { sharedPath, TestFolder } from "../std/testing.ts";
import { convert } from "./convert.ts";
import { drawScan } from "./draw.ts";
import { imageSize } from "./encoded_image.ts";
import { datasetNamed } from "./registry.ts";
import type { Scan } from "./scan.ts";
import { countPixels, decodeLabelImage } from "./label_image.ts";
import { inputError } from "./test_scans.ts";
import { boxPointCounts } from "./points_in_boxes.ts";
import { verify } from "./verify.ts";

/** The same, of a sample seen from above: the longer side of its picture has a thousand pixels. */
async function converted(name: string, folder: TestFolder, src: string): Promise<Scan> {
  const scan = await soundScan(name, folder, src);
  const size = imageSize(Deno.readFileSync(`${folder.path}/scan.png`), "the picture");
  assertEquals(Math.max(...size) >= 1000, true);
  return scan;
}

/** The scan of a sample that was converted, found sound and drawn. */
async function soundScan(name: string, folder: TestFolder, src: string): Promise<Scan> {
  const out = `${folder.path}/out`;
  await convert(datasetNamed(name), src, out, { dropInvalid: false, warn: () => {} });
  assertEquals((await verify(out, () => {})).problems, []);
  await drawScan(out, 0, `${folder.path}/scan.png`);
  await drawScan(out, 0, `${folder.path}/scan.svg`);
  assertStringIncludes(Deno.readTextFileSync(`${folder.path}/scan.svg`), "</svg>");
  using source = await openScans(out);
  return await source.scan(0);
}

Deno.test("a real nuScenes sample has its points in its boxes and before its cameras", async () => {
  const src = sharedPath("data/nuscenes/ca9a282c");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { points, boxes, cameras, images } = await converted("nuscenes", folder, src);
  const inside = boxPointCounts(points, boxes!.geometry).reduce((a, b) => a + b);
  const counted = boxes!.features!.filter((_, i) => i % 6 === 2).reduce((a, b) => a + b);
  assertAlmostEquals(inside / counted, 1, 0.05);
  assertEquals(cameras!.names.length, 6);
  assert(visiblePoints(points, cameras!).every((count) => count > 500));
  assertEquals(
    images!.map((image) => imageSize(image, "image").join("x")),
    Array(6).fill("1600x900"),
  );
});

Deno.test("a folder of real nuScenes samples is a part a sample", async () => {
  const src = sharedPath("data/nuscenes");
  if (src === undefined) return;
  const options = { dropInvalid: false, dropped: () => {}, warn: () => {} };
  const parts = await datasetNamed("nuscenes").parts(src, options);
  assertEquals(parts.map(({ name, length }) => [name, length]), [["ca9a282c", 1]]);
});

Deno.test("a real reduced KITTI scan converts beside labels of another frame, with a warning", async () => {
  const src = sharedPath("data/kitti");
  if (src === undefined) return;
  using folder = new TestFolder();
  const [out, warnings] = [`${folder.path}/out`, [] as string[]];
  const options = { dropInvalid: false, warn: (text: string) => void warnings.push(text) };
  await convert(datasetNamed("kitti-object"), src, out, {
    ...options,
    velodyne: "velodyne_reduced",
  });
  assertStringIncludes(warnings[0]!, "none of them of a scan");
  using source = await openScans(out);
  const { id, points, boxes } = await source.scan(0);
  assertEquals([id, points.length / 4, boxes], ["training/000008", 17238, undefined]);
});

Deno.test("a real PandaSet frame has the labels of cars inside the boxes of cars", async () => {
  const src = sharedPath("data/pandaset");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { points, semantic, boxes, cameras } = await converted("pandaset", folder, src);
  assertEquals(semantic!.filter((id) => id === 13).length, 29754);
  const cars = points.filter((_, i) => semantic![i >> 2] === 13);
  const carBoxes = boxes!.geometry.filter((_, i) => boxes!.semantic[Math.floor(i / 7)] === 13);
  const inside = (of: Float32Array) => boxPointCounts(of, carBoxes).reduce((a, b) => a + b);
  const total = { all: inside(points), cars: inside(cars) };
  assert(total.cars / total.all > 0.9, `${total.cars} of ${total.all}`);
  assert(visiblePoints(points, cameras!).every((count) => count > 500));
});

Deno.test("drawScan() refuses other endings and scans that are not there", async () => {
  using folder = new TestFolder();
  const any = `${folder.path}/a.arrow`;
  assertStringIncludes(await inputError(() => drawScan(any, 0, "x.jpg")), "must end with .svg");
  assertStringIncludes(await inputError(() => drawScan(any, 0, "x.svg")), "there is no such file");
});

Deno.test("a real CamVid image has the pixels of its classes", async () => {
  const src = sharedPath("data/camvid");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { labelImages, images } = await soundScan("camvid", folder, src);
  const counts = countPixels(decodeLabelImage(labelImages![0]!, "labels"));
  assertEquals(counts.get(3), 35990);
  assertEquals([...counts.values()].reduce((a, b) => a + b), 480 * 360);
  assertEquals(images![0], Deno.readFileSync(`${src}/0001TP_008550.png`));
});

Deno.test("a real mOSD frame keeps its points, labels and colours", async () => {
  const src = sharedPath("data/rgbd_mosd");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { points, semantic, instance, features } = await soundScan("mosd", folder, src);
  const arrays = parseNpz(Deno.readFileSync(`${src}/learn0.npz`), "learn0.npz");
  const xyz = arrays.get("xyz")!.data as Float32Array;
  assertEquals(points.length / 4, 182292);
  const wrong = points.findIndex((value, i) => {
    const [right, down, ahead] = xyz.subarray(3 * (i >> 2), 3 * (i >> 2) + 3);
    return value !== [ahead, -right!, -down!, 0][i % 4];
  });
  assertEquals(wrong, -1);
  assertEquals(semantic!.filter((id) => id === 20).length, 20792);
  assertEquals(instance!.filter((id) => id === 2).length, 8177);
  assertEquals(features, Float32Array.from(arrays.get("rgb")!.data as Uint8Array));
});

Deno.test("real translations come in blocks of the lines of both files", async () => {
  const src = sharedPath("data/text");
  if (src === undefined) return;
  using folder = new TestFolder();
  const out = `${folder.path}/out`;
  const sequences = ["ted.sys1.eng:ted.ref.eng"];
  await convert(datasetNamed("text-pairs"), src, out, {
    ...{ sequences, dropInvalid: false, warn: () => {} },
  });
  assertEquals((await verify(out, () => {})).problems, []);
  using source = await openScans(out);
  const texts = (await Array.fromAsync(source)).flatMap((scan) => scan.texts!);
  const lines = Deno.readTextFileSync(`${src}/ted.ref.eng`).trimEnd().split("\n");
  assertEquals(texts.filter((_, i) => i % 2 === 1), lines);
});
