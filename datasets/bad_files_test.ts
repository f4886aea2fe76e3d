/** Damaged and hostile files of clouds, rooms and shapes: one line each, and no output. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeH5 } from "./raw/h5_writer.ts";
import { npyBytes } from "./raw/npy_writer.ts";
import { plyBytes } from "./raw/ply_writer.ts";
import { scannetTwinOf } from "./raw/scannet.ts";
import { Raw } from "./test_raw.ts";

Deno.test("generic conversion names what it cannot take", async () => {
  using raw = new Raw("generic");
  raw.write("raw/note.txt", "");
  assertStringIncludes(await raw.error(), "holds no file that ends with .pcd.bin, .bin");
  raw.write("raw/a.bin", Float32Array.of(1, 2, 3));
  assertStringIncludes(await raw.error(), 'a.bin": it is 12 bytes, and a multiple of 16');
  raw.write("raw/a.bin", Float32Array.of(1, 2, 3, 4, 5, NaN, 7, 8));
  assertStringIncludes(await raw.error(), "point 1 is (5, NaN, 7, 8), and finite values");
  assertEquals((await raw.convert({ dropInvalid: true }))[0]!.points.length, 4);
  raw.write("raw/a.bin", new Float32Array(0));
  assertStringIncludes(await raw.error(), "it has no points, and at least one");
  raw.write("raw/a.npy", npyBytes(Float32Array.of(1, 2, 3), [1, 3]));
  assertStringIncludes(await raw.error(), '"a.bin" and "a.npy" would both be the scan "a"');
});

Deno.test("generic conversion takes class names from classes.json and refuses other ids", async () => {
  using raw = new Raw("generic");
  const column = (value: number) => Float32Array.of(value);
  const cloud = (label: number) =>
    plyBytes(
      [["x", column(1)], ["y", column(2)], ["z", column(3)], ["label", column(label)]],
      "ascii",
    );
  raw.write("raw/a.ply", cloud(300));
  assertStringIncludes(await raw.error(), "point 0 has class 300, which is not among the 256");
  raw.write("raw/classes.json", '{"300": "lamp"}');
  assertEquals((await raw.convert())[0]!.semantic, Uint16Array.of(300));
  raw.write("raw/a.ply", cloud(1.5));
  assertStringIncludes(await raw.error(), "semantic label of point 0 is 1.5, and a whole number");
  raw.write("raw/classes.json", '{"lamp": 300}');
  assertStringIncludes(await raw.error(), 'it has the entry ["lamp",300]');
  raw.write("raw/classes.json", "[");
  assertStringIncludes(await raw.error(), "it is not JSON");
});

Deno.test("links that lead out of the source folder are not followed", async () => {
  using raw = new Raw("generic");
  raw.write("secret/b.bin", Float32Array.of(9, 9, 9, 9));
  raw.write("raw/a.bin", Float32Array.of(1, 2, 3, 4));
  Deno.symlinkSync(`${raw.path}/secret`, `${raw.path}/raw/below`);
  Deno.symlinkSync(`${raw.path}/secret/b.bin`, `${raw.path}/raw/c.bin`);
  assertEquals((await raw.convert()).map(({ id }) => id), ["a"]);
});

Deno.test("ScanNet scenes must fit together", async () => {
  using raw = await Raw.of("scannet", 3, scannetTwinOf(90));
  const [name, bare] = ["scene0000_00", "scene0002_00"];
  const stem = `scans/${name}/${name}`;
  const segs = `${stem}_vh_clean_2.0.010000.segs.json`;
  assertStringIncludes(await raw.with(segs, '{"segIndices": [1, 2]}'), "has 2 segIndices, and the");
  assertStringIncludes(await raw.with(segs, '{"segIndices": [-1]}'), "a list of whole numbers");
  assertStringIncludes(await raw.with(segs, '{"segIndices": [1'), "it is not JSON");
  const aggregation = `scans/${bare}/${bare}.aggregation.json`;
  const strange = raw.text(aggregation).replace('"floor"', '"flying carpet"');
  assertStringIncludes(await raw.with(aggregation, strange), 'has the label "flying carpet"');
  const mesh = `${stem}_vh_clean_2.ply`;
  const short = Deno.readFileSync(`${raw.path}/raw/${mesh}`).slice(0, -1);
  assertStringIncludes(await raw.with(mesh, short), "declares 90 vertices of 15 bytes");
  const table = "scannetv2-labels.combined.tsv";
  assertStringIncludes(
    await raw.with(table, "a\tb\n1\t2\n"),
    "raw_category and nyu40id are needed",
  );
  assertStringIncludes(
    await raw.with(table, "raw_category\tnyu40id\nwall\t41\n"),
    'line 2: its nyu40id is "41"',
  );
  Deno.removeSync(`${raw.path}/raw/${table}`);
  assertStringIncludes(await raw.error(), `is missing, and the objects of ${bare}`);
  Deno.removeSync(`${raw.path}/raw/${segs}`);
  assertStringIncludes(await raw.error(), "both or none are needed");
  Deno.removeSync(`${raw.path}/raw/${mesh}`);
  assertStringIncludes(await raw.error(), `"${name}_vh_clean_2.ply" is missing`);
});

Deno.test("ScanNet ids that no class has are taken as unannotated, and said", async () => {
  using raw = await Raw.of("scannet", 1, scannetTwinOf(90));
  const path = "raw/scans/scene0000_00/scene0000_00_vh_clean_2.labels.ply";
  raw.write(path, plyBytes([["label", new Uint16Array(90).fill(149)]], "ascii"));
  const warnings: string[] = [];
  const [scan] = await raw.convert({ warn: (text) => warnings.push(text) });
  assertEquals(scan!.semantic, new Uint16Array(90));
  assertStringIncludes(warnings[0]!, "90 vertices have an id above 40");
});

Deno.test("S3DIS reads PointNet's and PVCNN's rooms and a stray control character", async () => {
  using raw = new Raw("s3dis");
  raw.write("raw/Area_5/hall/Annotations/stairs_1.txt", "1 2 3 4 5\x106\n\n7 8 9 10 11 12\n");
  const [room] = await raw.convert();
  assertEquals(room!.points, Float32Array.of(1, 2, 3, 0, 7, 8, 9, 0));
  assertEquals(room!.features, Float32Array.of(4, 5, 6, 10, 11, 12));
  assertEquals([...room!.semantic!], [12, 12]);
  raw.write("raw/Area_5/hall/Annotations/wall_1.txt", "1 2 3 4 5\n");
  assertStringIncludes(await raw.error(), 'wall_1.txt" line 1: it has 5 values, and 6');
  Deno.removeSync(`${raw.path}/raw/Area_5`, { recursive: true });

  const matrix = npyBytes(Float64Array.of(1, 2, 3, 4, 5, 6, 8), [1, 7]);
  raw.write("raw/Area_1_office_1.npy", matrix);
  // PVCNN has windows at 7, PointNet at 5.
  raw.write("raw/Area_2/office_1/xyzrgb.npy", npyBytes(Float64Array.of(1, 2, 3, 4, 5, 6), [1, 6]));
  raw.write("raw/Area_2/office_1/label.npy", npyBytes(Float64Array.of(7), [1, 1]));
  const rooms = await raw.convert();
  assertEquals(rooms.map(({ id, semantic }) => [id, ...semantic!]), [
    ["Area_1/office_1", 8],
    ["Area_2/office_1", 5],
  ]);
  assertEquals((await raw.convert({ sequences: ["Area_2"] })).length, 1);
  assertStringIncludes(await raw.error({ sequences: ["Area_3"] }), 'Unknown area "Area_3"');
  raw.write("raw/Area_2/office_1/label.npy", npyBytes(Float64Array.of(13), [1, 1]));
  const error = await raw.error({ sequences: ["Area_2"] });
  assertStringIncludes(error, "label 0 is 13, and 0 to 12");
});

Deno.test("S3DIS reads the blocks of PointNet and of PVCNN", async () => {
  using raw = new Raw("s3dis");
  const data = Float32Array.from({ length: 2 * 2 * 9 }, (_, i) => i);
  const labels = Int32Array.of(7, 0, 0, 1);
  const blocks = { name: "data", shape: [2, 2, 9], data };
  await writeH5(`${raw.path}/raw/ply_data_all_0.h5`, [
    blocks,
    { name: "label", shape: [2, 2], data: labels },
  ]);
  const pointnet = await raw.convert();
  assertEquals(pointnet.map(({ semantic }) => [...semantic!]), [[7, 0], [0, 1]]);
  assertEquals(pointnet[1]!.features, Float32Array.of(21, 22, 23, 30, 31, 32));
  await writeH5(`${raw.path}/raw/ply_data_all_0.h5`, [
    blocks,
    { name: "label_seg", shape: [2, 2], data: labels },
    { name: "data_num", shape: [2], data: Int32Array.of(1, 2) },
  ]);
  assertEquals((await raw.convert()).map(({ semantic }) => [...semantic!]), [[5], [12, 0]]);
  await writeH5(`${raw.path}/raw/ply_data_all_0.h5`, [
    { name: "data", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  ]);
  assertStringIncludes(await raw.error(), '"data" has the shape (2, 2), and (rows, points');
});

Deno.test("ShapeNet-Part reads text and HDF5, one category a shape", async () => {
  using raw = new Raw("shapenet-part");
  const line = (part: number) => `1 2 3 0 0 1 ${part}.000000\n`;
  raw.write("raw/02691156/a.txt", line(0) + line(3));
  assertEquals((await raw.convert())[0]!.semantic, Uint16Array.of(0, 3));
  raw.write("raw/02691156/a.txt", line(0) + line(4));
  assertStringIncludes(await raw.error(), "a part of Airplane and the part Bag 0");
  raw.write("raw/02691156/a.txt", line(50));
  assertStringIncludes(await raw.error(), "point 0 has class 50");
  const list = "raw/train_test_split/shuffled_train_file_list.json";
  raw.write(list, '["shape_data/02691156/b"]');
  assertStringIncludes(await raw.error(), 'it lists "02691156/b.txt", which is missing');
  raw.write(list, '["shape_data/../../b"]');
  assertStringIncludes(await raw.error(), "leads out of the data set");
  Deno.removeSync(`${raw.path}/raw`, { recursive: true });
  await writeH5(`${raw.path}/raw/ply_data_test0.h5`, [
    { name: "data", shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: "pid", shape: [1, 2], data: Uint8Array.of(49, 47) },
  ]);
  const [shape] = await raw.convert();
  assertEquals(shape!.id, "ply_data_test0/0");
  assertEquals([...shape!.semantic!], [49, 47]);
});

Deno.test("PartNet reads instance files, and its files by category", async () => {
  using raw = new Raw("partnet");
  const points = { name: "pts", shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const label = { name: "gt_label", shape: [1, 2], data: Uint8Array.of(3, 0) };
  const file = `${raw.path}/raw/ins_seg_h5/Lamp-2/val-00.h5`;
  await writeH5(file, [
    points,
    label,
    { name: "gt_mask", shape: [1, 3, 2], data: Uint8Array.of(0, 0, 1, 0, 0, 0) },
  ]);
  const [shape] = await raw.convert({ sequences: ["Lamp"] });
  assertEquals([...shape!.semantic!], [3, 0]);
  assertEquals([...shape!.instance!], [2, 0]);
  assertStringIncludes(await raw.error({ sequences: ["Hat"] }), 'Unknown category "Hat"');
  await writeH5(file, [points, label]);
  assertStringIncludes(await raw.error(), 'and "gt_mask" is needed');
});
