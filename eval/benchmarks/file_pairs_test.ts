import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { TestRoot } from "../test_labels.ts";
import { findLabelFiles, listed, walked } from "./file_pairs.ts";
import { join } from "./files.ts";

const names = (root: string, ...sequences: string[]) =>
  findLabelFiles({ flag: "--gt", root, folder: "labels" }, sequences, walked);

Deno.test("findLabelFiles() finds names that contain .label, also in sub-folders, by full path", () => {
  using root = new TestRoot();
  for (const name of ["b.label", "a.label.bak", "sub/z.label", "notes.txt", "c.label"]) {
    root.write(`08/labels/${name}`, []);
  }
  const { files } = names(root.path, "08");
  assertEquals(files.map(({ name }) => name), [
    "08/a.label.bak",
    "08/b.label",
    "08/c.label",
    "08/sub/z.label",
  ]);
  assertEquals(files[0]!.path, `${root.path}/sequences/08/labels/a.label.bak`);
});

Deno.test("findLabelFiles() lists a folder as the panoptic script does, which must be there", () => {
  using root = new TestRoot();
  for (const name of ["b.label", "a.label.bak", "sub/z.label", "c.label"]) {
    root.write(`08/labels/${name}`, []);
  }
  const tree = { flag: "--gt", root: root.path, folder: "labels" };
  const { files } = findLabelFiles(tree, ["08"], listed);
  assertEquals(files.map(({ name }) => name), ["08/b.label", "08/c.label"]);
  assertThrows(() => findLabelFiles(tree, ["08", "09"], listed), InputError, "sequences/09/labels");
});

Deno.test("findLabelFiles() keeps the order of the sequences and lists those that are missing", () => {
  using root = new TestRoot();
  root.write("09/labels/0.label", []);
  root.write("02/labels/1.label", []);
  root.write("03/velodyne/1.bin", []);
  const { files, missing } = names(root.path, "09", "02", "03", "04");
  assertEquals(files.map(({ name }) => name), ["09/0.label", "02/1.label"]);
  assertEquals(missing, ["03", "04"]);
});

Deno.test("findLabelFiles() takes links to files and does not follow links to folders", () => {
  using root = new TestRoot();
  const target = root.write("00/labels/0.label", []);
  root.write("08/labels/0.label", []);
  Deno.symlinkSync(target, `${root.path}/sequences/08/labels/1.label`);
  Deno.symlinkSync(`${root.path}/sequences/00`, `${root.path}/sequences/08/labels/2.label`);
  assertEquals(names(root.path, "08").files.map(({ name }) => name), ["08/0.label", "08/1.label"]);
});

Deno.test("findLabelFiles() says what the root is when it is no dataset root", () => {
  using root = new TestRoot();
  assertThrows(() => names(`${root.path}/no`, "08"), InputError, "there is no such folder");
  assertThrows(() => names(root.path, "08"), InputError, 'it has no folder "sequences"');
  const file = root.write("x.label", []);
  assertThrows(() => names(file, "08"), InputError, "it is not a folder");
});

Deno.test("join() keeps the root as it was written, without its last slash", () => {
  assertEquals(join("a/b/", "c", "d"), "a/b/c/d");
  assertEquals(join(".", "c"), "./c");
  assertEquals(join("/", "c"), "/c");
});
