/** Raw files that are damaged or hostile: each ends a conversion in one line, and leaves no output. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { deflateSync, gzipSync } from "node:zlib";
import { MessageWriter } from "../std/protobuf_writer.ts";
import { convert } from "./convert.ts";
import type { ConvertOptions } from "./dataset.ts";
import { encodePng } from "./png.ts";
import { datasetNamed } from "./registry.ts";
import { rawTwinNamed } from "./raw/registry.ts";
import { inputError } from "./test_scans.ts";
import { encodeRecord } from "./tfrecord.ts";

/** A raw twin of one scan in a folder of its own. */
class RawFolder extends TestFolder {
  static async of(format: string): Promise<RawFolder> {
    const folder = new RawFolder();
    folder.#format = format;
    await rawTwinNamed(format).write(`${folder.path}/raw`, 1, 1, () => {});
    return folder;
  }

  #format = "";

  /** The only file of the twin whose path ends so. */
  find(ending: string): string {
    const walk = (path: string): string[] =>
      [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
        isDirectory ? walk(`${path}/${name}`) : [`${path}/${name}`]
      );
    const found = walk(`${this.path}/raw`).filter((path) => path.endsWith(ending));
    assertEquals(found.length, 1, ending);
    return found[0]!;
  }

  edit(ending: string, change: (text: string) => string): void {
    const path = this.find(ending);
    const before = Deno.readTextFileSync(path);
    assert(change(before) !== before, `nothing of ${ending} was changed`);
    Deno.writeTextFileSync(path, change(before));
  }

  /** Makes the edit, and gives the error that the conversion then ends in; the edit is undone. */
  async refused(
    ending: string,
    change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
    options: Partial<ConvertOptions> = {},
  ): Promise<string> {
    const path = this.find(ending);
    const before = Deno.readFileSync(path);
    Deno.writeFileSync(path, change(before.slice()));
    const message = await this.error(options);
    Deno.writeFileSync(path, before);
    return message;
  }

  async error(options: Partial<ConvertOptions> = {}): Promise<string> {
    const out = `${this.path}/out`;
    const choices = { dropInvalid: false, warn: () => {}, ...options };
    const message = await inputError(() =>
      convert(datasetNamed(this.#format), `${this.path}/raw`, out, choices)
    );
    const left = Array.from(Deno.readDirSync(this.path), ({ name }) => name);
    assertEquals(left, ["raw"], "only the source is there");
    return message;
  }
}

const text = (change: (text: string) => string) => (bytes: Uint8Array) =>
  new TextEncoder().encode(change(new TextDecoder().decode(bytes)));

Deno.test("a damaged TFRecord is refused by its checksums and lengths", async () => {
  using folder = await RawFolder.of("waymo");
  const refused = (change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array) =>
    folder.refused(".tfrecord", change);
  const flip = (at: number) => (bytes: Uint8Array<ArrayBuffer>) => {
    bytes[at]! ^= 1;
    return bytes;
  };
  assertStringIncludes(await refused(flip(1000)), "record at byte 0 does not have its checksum");
  assertStringIncludes(await refused(flip(0)), "its length does not have its checksum");
  assertStringIncludes(await refused((bytes) => bytes.subarray(0, 5000)), "is cut off there");
  assertStringIncludes(await refused((bytes) => bytes.subarray(0, 7)), "ends in its head");
  assertStringIncludes(await refused(() => new Uint8Array(0)), "it has no record");
  const huge = encodeRecord(new Uint8Array(1 << 10)).slice(0, 12);
  new DataView(huge.buffer).setBigUint64(0, 1n << 62n, true);
  assertStringIncludes(await refused(() => huge), "ends in its head");
});

Deno.test("a frame that is no protobuf, or a zip bomb, is refused", async () => {
  using folder = await RawFolder.of("waymo");
  const refused = (data: Uint8Array) => folder.refused(".tfrecord", () => encodeRecord(data));
  assertStringIncludes(await refused(Uint8Array.of(0x0a, 0xff, 0xff, 0x7f)), "reaches past the");
  assertStringIncludes(await refused(Uint8Array.of(0x0b)), "wire type 3");
  assertStringIncludes(await refused(new Uint8Array(20).fill(0xff)), "more than 10 bytes");
  const identity = new MessageWriter().double(1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
  const laser = new MessageWriter().int(1, 1).bytes(5, identity);
  const frame = (image: Uint8Array) =>
    new MessageWriter().bytes(1, new MessageWriter().bytes(3, laser)).bytes(3, identity)
      .bytes(5, new MessageWriter().int(1, 1).bytes(2, new MessageWriter().bytes(2, image)))
      .finish();
  assertStringIncludes(await refused(frame(Uint8Array.of(1, 2, 3))), "does not inflate");
  const bomb = deflateSync(new Uint8Array(1 << 27));
  assertStringIncludes(await refused(frame(bomb)), "does not inflate");
  const shape = new MessageWriter().bytes(2, new MessageWriter().ints(1, [1 << 30, 1 << 30, 4]));
  const claim = deflateSync(shape.finish());
  assertStringIncludes(await refused(frame(claim)), "has the shape (1073741824, 1073741824, 4)");
});

Deno.test("nuScenes tables that contradict themselves or the files are refused", async () => {
  using folder = await RawFolder.of("nuscenes");
  const refused = (ending: string, change: (text: string) => string) =>
    folder.refused(ending, text(change));
  const lead = (name: string) => (json: string) =>
    json.replace(/"filename":"[^"]*"/, `"filename":"${name}"`);
  for (const name of ["../../etc/passwd", "/etc/passwd", "samples/../../x", "..\\\\x", ""]) {
    assertStringIncludes(
      await refused("sample_data.json", lead(name)),
      "leads out of the data set",
    );
    assertStringIncludes(await refused("lidarseg.json", lead(name)), "leads out of the data set");
  }
  assertStringIncludes(
    await refused("sample_data.json", lead("samples/none.bin")),
    "the tables name it, and it is not there",
  );
  const twice = (json: string) => json.replace(/\[\n(.*)\n\]/s, "[\n$1,$1\n]");
  assertStringIncludes(await refused("/sample.json", twice), "is that of an earlier one");
  const size = (json: string) => json.replace(/"size":\[[^\]]*\]/, '"size":[0,1,1]');
  assertStringIncludes(await refused("sample_annotation.json", size), "sides above 0 are needed");
  assertStringIncludes(
    await refused(
      "ego_pose.json",
      (json) => json.replace(/"rotation":\[[^\]]*\]/, '"rotation":[0,0,0,0]'),
    ),
    "its length is 0",
  );
  assertStringIncludes(
    await refused("scene.json", (json) => json.replace('"nbr_samples":1', '"nbr_samples":2')),
    "has 1 samples, and scene.json says 2",
  );
  assertStringIncludes(
    await refused("/sample.json", (json) => json.slice(0, 50)),
    "the file ends within this string",
  );
  assertStringIncludes(
    await refused("/sample.json", (json) => `x${json}`),
    "line 1, column 1: found",
  );
  assertStringIncludes(
    await refused("/sample.json", () => '[{"token": }]'),
    "line 1, column 12: found",
  );
  assertStringIncludes(
    await refused("/sample.json", () => `[{"a":"${"x".repeat(3 << 20)}"}]`),
    "is too long",
  );
  assertStringIncludes(
    await refused("category.json", (json) => json.replaceAll("vehicle.car", "vehicle.cat")),
    "category",
  );
});

Deno.test("nuScenes points and labels that do not fit are refused", async () => {
  using folder = await RawFolder.of("nuscenes");
  const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1);
  assertStringIncludes(await folder.refused(".pcd.bin", cut), "a multiple of 20 above 0");
  assertStringIncludes(await folder.refused("_lidarseg.bin", cut), "labels, and the scan");
  const unknown = (bytes: Uint8Array) => bytes.fill(99, 7, 8);
  assertStringIncludes(await folder.refused("_lidarseg.bin", unknown), "point 7 has the label 99");
  const infinite = (bytes: Uint8Array<ArrayBuffer>) => {
    new DataView(bytes.buffer).setFloat32(20, Infinity, true);
    return bytes;
  };
  assertStringIncludes(await folder.refused(".pcd.bin", infinite), "point 1 is (Infinity");
  assertStringIncludes(await folder.error({ sequences: ["val"] }), 'has no scene of "val"');
  assertStringIncludes(await folder.error({ version: "v1.0-min" }), 'did you mean "v1.0-mini"');
});

Deno.test("a pickle that does more than build a table is refused, and never run", async () => {
  using folder = await RawFolder.of("pandaset");
  const refused = (data: Uint8Array) => folder.refused("lidar/00.pkl.gz", () => gzipSync(data));
  const system = new TextEncoder().encode("cos\nsystem\n(X\x04\0\0\0echotR.");
  assertStringIncludes(await refused(system), 'names "os system", which no pandas frame needs');
  assertStringIncludes(await refused(Uint8Array.of(0x80, 3, 0x69)), "has the step 0x69");
  assertStringIncludes(await refused(Uint8Array.of(0x80, 3)), "is cut off");
  assertStringIncludes(await refused(Uint8Array.of(0x42, 255, 255, 255, 127)), "is cut off");
  assertStringIncludes(await refused(Uint8Array.of(0x4e, 0x2e)), "has no DataFrame");
  assertStringIncludes(await refused(Uint8Array.of(0x52)), "takes what is not there");
  const plain = await folder.refused("lidar/00.pkl.gz", () => new TextEncoder().encode("text"));
  assertStringIncludes(plain, 'lidar/00.pkl.gz": ');
});

Deno.test("KITTI images, tracklets and packets that are cut off are refused", async () => {
  using object = await RawFolder.of("kitti-object");
  const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 20);
  assertStringIncludes(await object.refused(".png", cut), "the PNG image is cut off");
  const flipped = (bytes: Uint8Array) => bytes.fill(bytes[50]! ^ 1, 50, 51);
  assertStringIncludes(await object.refused(".png", flipped), "does not have its checksum");
  assertStringIncludes(await object.refused(".png", () => new Uint8Array(9)), "neither as a PNG");
  const empty = () => encodePng(0, 1, new Uint8Array(0));
  assertStringIncludes(await object.refused(".png", empty), "it is 0 x 1 pixels");

  using drive = await RawFolder.of("kitti-raw");
  const refused = (ending: string, change: (text: string) => string) =>
    drive.refused(ending, text(change));
  const half = (xml: string) => xml.slice(0, xml.length / 2);
  assertStringIncludes(await refused("labels.xml", half), "it is cut off");
  const late = (xml: string) => xml.replace("<first_frame>0", "<first_frame>7");
  assertStringIncludes(await refused("labels.xml", late), "it has frame 7 of 1");
  const deep = () => "<a>".repeat(100_000);
  assertStringIncludes(await refused("labels.xml", deep), "its elements are 65 deep");
  assertStringIncludes(await refused("oxts/data/0000000000.txt", half), "and 30 are needed");
  assertStringIncludes(await refused("calib_velo_to_cam.txt", half), "Cannot read");
});
