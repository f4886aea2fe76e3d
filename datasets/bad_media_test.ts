/** Damaged and hostile images, annotations and texts: one line each, and no output. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { recordPlaces } from "./json_sections.ts";
import { Raw } from "./test_raw.ts";
import { greyImage } from "./test_scans.ts";
import { readLines } from "./text/lines.ts";

Deno.test("label images must be of the image's size, of ids, and of known classes", async () => {
  using raw = new Raw("camvid");
  raw.write("raw/a.png", greyImage(4, 3, 200));
  raw.write("raw/a_label.png", greyImage(4, 3, 11));
  assertEquals((await raw.convert()).length, 1);
  assertEquals((await raw.convert({ images: false }))[0]!.images![0]!.length, 0);
  raw.write("raw/a_label.png", greyImage(3, 4, 11));
  assertStringIncludes(await raw.error(), "it is 3 x 4 pixels, and");
  raw.write("raw/a_label.png", greyImage(4, 3, 12));
  assertStringIncludes(await raw.error(), "12 pixels have class 12");
  raw.write("raw/a_label.png", greyImage(4, 3, 1).subarray(0, 50).slice());
  assertStringIncludes(await raw.error(), "cut off");
  raw.write("raw/b_label.png", greyImage(4, 3, 1));
  assertStringIncludes(await raw.error(), 'b_label.png": the image that it labels is missing');
});

Deno.test("Cityscapes falls back to coarse labels and converts unlabelled splits", async () => {
  using raw = new Raw("cityscapes");
  const stem = (split: string) => `${split}/ulm/ulm_000000_000019`;
  for (const split of ["train_extra", "test"]) {
    raw.write(`raw/leftImg8bit/${stem(split)}_leftImg8bit.png`, greyImage(4, 2, 90));
  }
  raw.write(`raw/gtCoarse/${stem("train_extra")}_gtCoarse_labelIds.png`, greyImage(4, 2, 33));
  const scans = await raw.convert();
  assertEquals(scans.map(({ id, labelImages }) => [id, labelImages?.length]), [
    ["test/ulm/ulm_000000_000019", undefined],
    ["train_extra/ulm/ulm_000000_000019", 1],
  ]);
});

Deno.test("COCO files are refused by record, and lead nowhere else", async () => {
  using raw = await Raw.of("coco");
  const name = "annotations/instances_val2017.json";
  const text = raw.text(name);
  const refused = (from: string, to: string) => {
    assert(text.includes(from), from);
    return raw.with(name, text.replace(from, to));
  };
  assertStringIncludes(await refused('"000000.png"', '"../secret.png"'), "leads out of the data");
  assertStringIncludes(await refused('"000000.png"', '"b.png"'), 'val2017/b.png" is missing; --no');
  assertStringIncludes(
    await refused('"width":640', '"width":641'),
    "and its record says 641 x 480",
  );
  assertStringIncludes(await refused('"image_id":1', '"image_id":7'), "of image 7 and category 1");
  assertStringIncludes(await refused('"id":2,', '"id":1,'), "two annotations have the id 1");
  assertStringIncludes(await refused('"bbox":[', '"bbox":[null,'), '"bbox" is [null,');
  assertStringIncludes(await refused('"iscrowd":0', '"iscrowd":2'), '"iscrowd" is 2');
  assertStringIncludes(await refused('"area":', '"area" '), "it is not JSON");
  assertStringIncludes(await raw.with(name, text.slice(0, -9)), "it is cut off");
  assertStringIncludes(await raw.with(name, `${text}{`), "one object is needed");
  assertStringIncludes(await raw.with(name, "[".repeat(1e6)), "at byte 0: one object");
  assertStringIncludes(await raw.with(name, `{"a":${"[".repeat(1e6)}`), "more than 64 deep");
  assertStringIncludes(await raw.with(name, '{"a":[{]}'), "its brackets do not match");
  assertEquals((await raw.convert({ images: false }))[0]!.images![0]!.length, 0);
});

Deno.test("recordPlaces() finds records of lists alone, whatever their texts hold", async () => {
  using folder = new TestFolder();
  const text = '{"info":{"a":[{"b":1}]},"x":[1,{"k":"}]\\"{"},[{"no":1}],{}],"\\"y":[{"z":[{}]}]}';
  const path = folder.write("a.json", text);
  const found = await Array.fromAsync(recordPlaces(path));
  assertEquals(
    found.map(({ section, start, end }) => [section, text.slice(start, end)]),
    [["x", '{"k":"}]\\"{"}'], ["x", "{}"], ['\\"y', '{"z":[{}]}']],
  );
});

Deno.test("text pairs need as many lines, UTF-8, and two files", async () => {
  using raw = new Raw("text-pairs");
  raw.write("raw/a.de", "eins\nzwei");
  assertStringIncludes(await raw.error(), "no two of its 1 files differ in their ending alone");
  raw.write("raw/a.en", "one\r\n\u2028\n");
  assertEquals((await raw.convert())[0]!.texts, ["eins", "one\r", "zwei", "\u2028"]);
  raw.write("raw/a.en", "one\n");
  assertStringIncludes(await raw.error(), "they have 2 and 1 lines");
  raw.write("raw/a.en", Uint8Array.of(0x61, 0x0a, 0xff, 0x0a));
  assertStringIncludes(await raw.error(), 'a.en" line 2: it is not UTF-8');
  assertStringIncludes(await raw.error({ sequences: ["a.de"] }), "SOURCE:TARGET");
  assertStringIncludes(await raw.error({ sequences: ["a.de:../b"] }), "leads out of the data set");
  assertStringIncludes(await raw.error({ sequences: ["a.de:b"] }), 'b": there is no such file');
});

Deno.test("readLines() keeps lines that lie across chunks", async () => {
  using folder = new TestFolder();
  const lines = Array.from({ length: 300 }, (_, i) => "ü".repeat(i * 31));
  const path = folder.write("a.txt", `${lines.join("\n")}\n`);
  assertEquals(await Array.fromAsync(readLines(path)), lines);
});
