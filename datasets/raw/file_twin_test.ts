/** Round trips of the twins of rooms, shapes, images and texts: raw files in, the same values out. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { decodePng } from "../../std/png.ts";
import { TestFolder } from "../../std/testing.ts";
import { openScans } from "../arrow_scans.ts";
import { convert } from "../convert.ts";
import { S3DIS } from "../published/s3dis.ts";
import { datasetNamed } from "../registry.ts";
import type { Scan } from "../scan.ts";
import { verify } from "../verify.ts";
import { GENERIC_FORMATS, genericTwin, LAS_ORIGIN, LAS_TOLERANCE } from "./generic.ts";
import { camvidPicture, cityscapesPicture, cocoPicture } from "./images.ts";
import { mosdFrame } from "./mosd.ts";
import { type RawTwin, simulated } from "./raw_twin.ts";
import { rawTwinNamed } from "./registry.ts";
import { simulatedRoom } from "./room.ts";
import { s3disTwinOf } from "./s3dis.ts";
import { ROOM_NYU40, scannetTwinOf } from "./scannet.ts";
import { ball, categoryOf, SHAPE_SIZES } from "./shapes.ts";
import { simulatedPairs } from "./text_pairs.ts";

const SEED = 5;

async function roundTrip(
  format: string,
  count: number,
  twin: RawTwin = rawTwinNamed(format),
): Promise<Scan[]> {
  using folder = new TestFolder();
  const [src, out] = [`${folder.path}/raw`, `${folder.path}/out`];
  await twin.write(src, count, SEED, () => {});
  const warn = (text: string) => assert(false, text);
  await convert(datasetNamed(format), src, out, { dropInvalid: false, warn });
  assertEquals((await verify(out, () => {})).problems, []);
  using source = await openScans(out);
  return await Array.fromAsync(source);
}

const xyz = ({ points }: Scan) => points.filter((_, i) => i % 4 !== 3);

Deno.test("the twin of generic clouds comes back from every format", async () => {
  const scans = await roundTrip("generic", GENERIC_FORMATS.length, genericTwin);
  assertEquals(scans.length, GENERIC_FORMATS.length);
  scans.forEach((scan, i) => {
    const { points, semantic, instance } = simulated(SEED, i);
    const format = GENERIC_FORMATS[i]!;
    if (format === ".las") {
      const [x, y, z] = [scan.pose![3]!, scan.pose![7]!, scan.pose![11]!];
      scan.points.forEach((value, k) => {
        const shift = [x - LAS_ORIGIN[0], y - LAS_ORIGIN[1], z - LAS_ORIGIN[2], 0][k % 4]!;
        const found = k % 4 === 3 ? value / 65535 : value + shift;
        if (Math.abs(found - points[k]!) > LAS_TOLERANCE) throw new Error(`${found}, ${points[k]}`);
      });
    } else assertEquals(scan.points, points, format);
    if (![".bin", ".npy"].includes(format)) assertEquals(scan.semantic, semantic, format);
    if ([".npz", ".ply", ".pcd"].includes(format)) assertEquals(scan.instance, instance, format);
  });
});

Deno.test("the ScanNet twin comes back with classes, objects and its alignment", async () => {
  const scans = await roundTrip("scannet", 3, scannetTwinOf(3000));
  // Scene 0 to 2 are all of the split train.
  assertEquals(scans.map(({ id }) => id), ["scene0000_00", "scene0001_00", "scene0002_00"]);
  scans.forEach((scan, i) => {
    const { points, colours, thing, classes } = simulatedRoom(SEED, i, 3000);
    assertEquals(xyz(scan), points);
    assertEquals(scan.features, Float32Array.from(colours));
    assertEquals(scan.instance, thing.map((t) => t + 1));
    assertEquals(scan.semantic, thing.map((t) => ROOM_NYU40[classes[t]!]!));
    assertAlmostEquals(scan.pose![7]!, 2.5);
  });
});

Deno.test("the S3DIS twin comes back, an area a part and an object an annotation file", async () => {
  const scans = await roundTrip("s3dis", 2, s3disTwinOf(3000));
  assertEquals(scans.map(({ id }) => id), ["Area_1/office_1", "Area_2/office_1"]);
  scans.forEach((scan, i) => {
    const { points, thing, classes } = simulatedRoom(SEED, i, 3000);
    // Files come in the order of their names.
    const names = classes.map((name, t) => `${name}_${t + 1}.txt`);
    const order = names.map((_, t) => t).sort((a, b) => names[a]! < names[b]! ? -1 : 1);
    const rows = order.flatMap((t) => [...thing.keys()].filter((p) => thing[p] === t));
    assertEquals(
      xyz(scan),
      Float32Array.from(rows.flatMap((p) => [...points.subarray(3 * p, 3 * p + 3)])),
    );
    const named: Readonly<Record<number, string>> = S3DIS.classes;
    assertEquals(
      Array.from(scan.semantic!, (id) => named[id]),
      rows.map((p) => classes[thing[p]!]!),
    );
    assertEquals([...scan.instance!], rows.map((p) => order.indexOf(thing[p]!) + 1));
  });
});

Deno.test("the ShapeNet-Part twin comes back with normals and parts", async () => {
  const scans = await roundTrip("shapenet-part", 17);
  assertEquals(scans.length, 17);
  const { TEXT_POINTS } = SHAPE_SIZES;
  for (const scan of scans) {
    const index = Number(scan.id.replace(/.*shape/, ""));
    const { parts, first } = categoryOf(index);
    const { points, part } = ball(SEED, index, TEXT_POINTS, parts);
    assertEquals(xyz(scan), points);
    assertEquals(scan.features, points);
    assertEquals(scan.semantic, Uint16Array.from(part, (p) => first + p));
  }
});

Deno.test("the PartNet twin comes back from HDF5", async () => {
  const scans = await roundTrip("partnet", 2);
  scans.forEach((scan, i) => {
    const { points, part } = ball(SEED, i, SHAPE_SIZES.PARTNET_POINTS, SHAPE_SIZES.PARTNET_PARTS);
    assertEquals(scan.id, `sem_seg_h5/Chair-1/train-00/${i}`);
    assertEquals(xyz(scan), points);
    assertEquals(scan.semantic, Uint16Array.from(part));
  });
});

Deno.test("the Cityscapes and CamVid twins come back with labels and instances", async () => {
  for (
    const [format, picture] of [["cityscapes", cityscapesPicture], [
      "camvid",
      camvidPicture,
    ]] as const
  ) {
    const [scan] = await roundTrip(format, 1);
    const { labels, blockOf, width } = picture(SEED, 0);
    const found = decodePng(scan!.labelImages![0]!);
    assertEquals(found.width, width);
    assertEquals(found.samples, labels);
    if (format === "camvid") continue;
    const instances = decodePng(scan!.instanceImages![0]!).samples;
    assertEquals(
      instances,
      Uint16Array.from(labels, (id, i) => id < 24 ? id : 1000 * id + blockOf[i]!),
    );
  }
});

Deno.test("the COCO twin comes back with boxes, crowds and masks as given", async () => {
  const scans = await roundTrip("coco", 2);
  scans.forEach((scan, i) => {
    const { blocks } = cocoPicture(SEED, i);
    const { boxes, semantic, area, crowd, masks, ids } = scan.objects!;
    assertEquals([...boxes], blocks.flatMap(({ box }) => [...box]));
    assertEquals([...semantic], blocks.map(({ id }) => id));
    assertEquals([...area], blocks.map(({ box }) => box[2] * box[3]));
    assertEquals(ids, blocks.map((_, b) => String(12 * i + b + 1)));
    assertEquals([...crowd], ids.map((id) => Number(Number(id) % 10 === 0)));
    masks.forEach((mask, o) => {
      const [x, y, w, h] = blocks[o]!.box;
      const parsed = JSON.parse(mask);
      if (crowd[o] === 0) assertEquals(parsed, [[x, y, x + w, y, x + w, y + h, x, y + h]]);
      else assertEquals(parsed.counts.slice(0, 2), [480 * x + y, h]);
    });
  });
});

Deno.test("the mOSD twin comes back about the sensor's axes, without pixels that have no depth", async () => {
  const [scan] = await roundTrip("mosd", 1);
  const [[, x], [, y], [, z], [, rgba], [, label]] = mosdFrame(SEED, 0);
  const rows = [...x.keys()].filter((i) => !Number.isNaN(z[i]));
  assert(rows.length < x.length);
  assertEquals(scan!.points, Float32Array.from(rows.flatMap((i) => [z[i]!, -x[i]!, -y[i]!, 0])));
  assertEquals(scan!.semantic, Uint16Array.from(rows, (i) => label[i]!));
  assertEquals(
    scan!.instance,
    Uint16Array.from(rows, (i) => label[i] === 1 ? 0 : label[i] === 20 ? 1 : 2),
  );
  assertEquals(
    scan!.features!.subarray(0, 3),
    Float32Array.of(...[16, 8, 0].map((s) => rgba[rows[0]!]! >> s & 255)),
  );
});

Deno.test("the text twin comes back in blocks of pairs", async () => {
  const scans = await roundTrip("text-pairs", 2100);
  assertEquals(scans.map(({ id, texts }) => [id, texts!.length]), [
    ["train/0", 2000],
    ["train/1", 2000],
    ["train/2", 200],
  ]);
  assertEquals(scans.flatMap(({ texts }) => texts!), simulatedPairs(SEED, 2100).flat());
});
