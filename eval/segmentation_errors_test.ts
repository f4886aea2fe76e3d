/** Input that cannot be scored, or only as the tool would: every text names file and place. */
import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { TestFolder } from "../std/testing.ts";
import { parseCommand } from "./args.ts";
import { runBenchmark } from "./run.ts";

type Numbers =
  | Uint8Array
  | Int32Array
  | Float16Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** A .npy file as NumPy writes it. */
function npy(
  descr: string,
  shape: string,
  data: Numbers,
  fortran = "False",
): Uint8Array<ArrayBuffer> {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`;
  const header = new TextEncoder().encode(`${text.padEnd(117)}\n`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0, ...header, ...bytes);
}

async function run(...args: string[]) {
  const command = await parseCommand(args);
  if (command.kind !== "score") throw new Error("Cannot score: it is another command");
  return (await runBenchmark(command.id, command.request, { jobs: 1 })).result;
}

const refuses = (text: string, ...args: string[]) =>
  assertRejects(() => run(...args), InputError, text);

const seg = (gt: string, pred: string) => ["seg", "--gt", gt, "--pred", pred, "--classes", "3"];

Deno.test("seg reads labels of every type, byte order and memory order alike", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt.npy", npy("<i4", "2, 3", Int32Array.of(0, 1, 2, 2, 1, 0)));
  const labels = [0, 1, 2, 2, 0, 0];
  const wide = labels.map(BigInt);
  const files: [string, string, Numbers, string?][] = [
    ["|u1", "2, 3", Uint8Array.from(labels)],
    ["<f2", "2, 3", Float16Array.from(labels)],
    ["<f4", "2, 3", Float32Array.from(labels, (k) => k + 0.9)],
    ["<f8", "2, 3", Float64Array.from(labels)],
    ["<i8", "6,", BigInt64Array.from(wide)],
    ["<u8", "6,", BigUint64Array.from(wide)],
    [">i4", "6,", Int32Array.from(labels, (k) => k << 24)],
    ["|u1", "2, 3", Uint8Array.of(0, 2, 1, 0, 2, 0), "True"],
  ];
  for (const [descr, shape, data, fortran] of files) {
    const pred = folder.write("pred.npy", npy(descr, shape, data, fortran));
    const { metrics } = await run(...seg(gt, pred));
    assertStrictEquals(metrics["acc"], 5 / 6, `${descr} ${fortran}`);
    assertStrictEquals(metrics["iou_0"], 2 / 3, descr);
  }
  const pred = folder.write("pred.npy", npy("|b1", "6,", Uint8Array.of(0, 1, 1, 1, 1, 0)));
  assertStrictEquals((await run(...seg(gt, pred))).metrics["acc"], 4 / 6);
});

Deno.test("seg refuses labels, shapes and files that it cannot score", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt/a.npy", npy("|u1", "2,", Uint8Array.of(0, 1)));
  const pred = (content: Uint8Array<ArrayBuffer>) => folder.write("pred/a.npy", content);
  await refuses(
    'pred/a.npy": point 1 has label 7, and a label from 0 to 2 is needed',
    ...seg(gt, pred(npy("|u1", "2,", Uint8Array.of(0, 7)))),
  );
  await refuses("value 1 is NaN", ...seg(gt, pred(npy("<f4", "2,", Float32Array.of(0, NaN)))));
  await refuses(
    "value 0 is 4294967296",
    ...seg(gt, pred(npy("<i8", "2,", BigInt64Array.of(2n ** 32n, 0n)))),
  );
  await refuses("it has 3 points", ...seg(gt, pred(npy("|u1", "3,", new Uint8Array(3)))));
  await refuses(
    "needs 900000000000 bytes",
    ...seg(gt, pred(npy("|u1", "900000000000,", new Uint8Array(2)))),
  );
  await refuses('"<c8"', ...seg(gt, pred(npy("<c8", "2,", new Uint8Array(16)))));
  await refuses("NumPy signature", ...seg(gt, pred(Uint8Array.of(1, 2, 3))));
  folder.write("pred/b.npy", npy("|u1", "2,", new Uint8Array(2)));
  await refuses("pred/b.npy", ...seg(`${folder.path}/gt`, `${folder.path}/pred`));
  await refuses("--classes is missing", "seg", "--gt", gt, "--pred", gt);
});

Deno.test("seg leaves the labels of --ignore out, negative ones too", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt.npy", npy("<i4", "3,", Int32Array.of(-1, 2, 1)));
  const pred = folder.write("pred.npy", npy("<i4", "3,", Int32Array.of(0, 0, 1)));
  const { metrics, inputs } = await run(...seg(gt, pred), "--ignore", "-1,2");
  assertEquals([metrics["acc"], inputs["points_left_out"]], [1, 2]);
});

Deno.test("seg scores classes without points as --absent says", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt.npy", npy("|u1", "2,", Uint8Array.of(0, 1)));
  const miou = async (rule: string) =>
    (await run(...seg(gt, gt), "--absent", rule)).metrics["miou"];
  assertEquals([await miou("nan"), await miou("zero"), await miou("one")], [1, 2 / 3, 1]);
});

Deno.test("s3dis counts a point without a vote as predicted clutter, and warns", async () => {
  using folder = new TestFolder();
  const gt = folder.write("r/label.npy", npy("<f8", "2,", Float64Array.of(0, 12)));
  const pred = folder.write("r/pred.npy", npy("<i8", "2,", BigInt64Array.of(-1n, 12n)));
  const { metrics, warnings } = await run("s3dis", "--gt", gt, "--pred", pred);
  assertEquals([metrics["iou_clutter"], metrics["overall_accuracy"]], [0.5, 0.5]);
  assertStringIncludes(warnings[0]!, "1 points have the prediction -1");
  folder.write("r/label.npy", npy("<i4", "2,", Int32Array.of(13, 0)));
  await refuses('label.npy": point 0 has label 13', "s3dis", "--gt", gt, "--pred", pred);
});

Deno.test("scannet-semantic reads lines as Python's int() and names those it cannot", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt/s.txt", "1\n 2 \r\n+3\n0");
  const pred = folder.write("pred/s.txt", "1\n99\n3\n1\n");
  const { metrics, warnings } = await run("scannet-semantic", "--gt", gt, "--pred", pred);
  assertEquals([metrics["iou_wall"], metrics["iou_floor"], metrics["iou_mean"]], [1, 0, "NaN"]);
  assertStringIncludes(warnings[0]!, "TypeError");
  folder.write("gt/s.txt", "1\n\n3\n0\n");
  await refuses('s.txt": line 2 is ""', "scannet-semantic", "--gt", gt, "--pred", pred);
});

Deno.test("bleu and rouge refuse texts that do not fit, and say where", async () => {
  using folder = new TestFolder();
  const ref = folder.write("ref", "a b c d .\n\nx y\n");
  const both = (path: string) => ["--gt", ref, "--pred", path];
  const short = folder.write("short", "a\n");
  await refuses(
    "it has 1 lines and the reference has 3",
    "bleu",
    ...both(short),
    "--tool",
    "sacrebleu",
  );
  assertStringIncludes(
    (await run("bleu", ...both(short))).warnings[0]!,
    "further lines were ignored",
  );
  const empty = folder.write("empty", "\n\n\n");
  await refuses("the hypothesis has no token", "bleu", ...both(empty));
  const bytes = folder.write("bytes", Uint8Array.of(97, 10, 0xff, 10, 97, 10));
  await refuses('bytes": line 2 is not UTF-8', "bleu", ...both(bytes), "--tool", "sacrebleu");
  await refuses('ref": line 2 is empty', "rouge", ...both(ref));
  const { metrics } = await run("rouge", ...both(ref), "--empty", "skip");
  assertEquals([metrics["rouge1_f"], metrics["rougeL_f"]], [1, 1]);
});

Deno.test("multi-bleu chops a last line without a line feed, and counts at most 9999 tokens apart", async () => {
  using folder = new TestFolder();
  const gt = folder.write("ref", "a b c d\na b c d\n");
  const pred = folder.write("hyp", "a b c d\na b c dd");
  const { metrics, warnings } = await run("bleu", "--gt", gt, "--pred", pred);
  assertEquals(metrics["bleu"], 100);
  assertStringIncludes(warnings[0]!, 'hyp" does not end in a line feed');
  const long = folder.write("long", `${"a ".repeat(10_010)}\na b c d\n`);
  assertEquals((await run("bleu", "--gt", long, "--pred", gt)).metrics["ref_len"], 9999 + 4);
});

Deno.test("fairseq counts an empty line as one token", async () => {
  using folder = new TestFolder();
  const text = folder.write("text", "a b c d\n\n");
  const { metrics } = await run("bleu", "--gt", text, "--pred", text, "--tool", "fairseq");
  assertEquals([metrics["hyp_len"], metrics["bleu"]], [5, 100]);
});

Deno.test("perplexity drops infinite scores and refuses a wrong number of tokens", async () => {
  using folder = new TestFolder();
  const gt = folder.write("lengths.txt", "2\n1\n");
  const pred = folder.write("s.txt", "-0.6931471805599453 -inf\n-0.6931471805599453\n");
  const { metrics, inputs } = await run("perplexity", "--gt", gt, "--pred", pred);
  assertEquals([metrics["perplexity"], inputs["tokens"]], [2, 2]);
  folder.write("lengths.txt", "2\n2\n");
  await refuses("the sentences have 4 tokens", "perplexity", "--gt", gt, "--pred", pred);
});

Deno.test("shapenet-part and partnet take the best score of the classes that count", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt.npy", npy("|u1", "1, 2", Uint8Array.of(4, 5)));
  const scores = new Float32Array(100);
  scores.set([9, 0, 0, 0, 2, 1], 0);
  scores.set([9, 0, 0, 0, 1, 2], 50);
  const pred = folder.write("pred.npy", npy("<f4", "1, 2, 50", scores));
  const shapes = await run("shapenet-part", "--gt", gt, "--pred", pred);
  assertStrictEquals(shapes.metrics["instance_miou"], 1);
  const parts = await run("partnet", "--gt", gt, "--pred", pred, "--classes", "50");
  assertStrictEquals(parts.metrics["instance_miou"], 1);
  await refuses(
    "it has 50 scores a point",
    "partnet",
    "--gt",
    gt,
    "--pred",
    pred,
    "--classes",
    "9",
  );
});

Deno.test("shapenet-part reads the data set's text files, and predictions as text", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt/02691156/a.txt", "0 0 0 1 0 0 0.000000\n1 0 0 1 0 0 1.000000\n");
  folder.write("gt/02691156/b.txt", "0 0 0 1 0 0 2\r\n\r\n1 0 0 1 0 0 3\r\n");
  folder.write("gt/synsetoffset2category.txt", "Airplane\t02691156\n");
  const list = '["shape_data/02691156/a"]';
  folder.write("gt/train_test_split/shuffled_test_file_list.json", list);
  const root = gt.slice(0, -"/02691156/a.txt".length);
  const pred = folder.write("p/02691156/a.txt", "0\n1").slice(0, -"/02691156/a.txt".length);
  const both = ["--gt", root, "--pred", pred];
  const test = await run("shapenet-part", ...both, "--split", "test");
  assertEquals([test.metrics["instance_miou"], test.inputs["points"]], [1, 2]);
  await refuses('02691156/b.txt": --pred', "shapenet-part", ...both);
  const scores = Array.from({ length: 50 }, (_, part) => part === 3 ? "0.5" : "0.25").join(" ");
  folder.write("p/02691156/b.txt", `${scores}\n${scores}\n`);
  const all = await run("shapenet-part", ...both);
  // Shape b: part 2 is missed and part 3 has one point of two.
  assertEquals(all.metrics["instance_miou"], (1 + (1 + 1 + 0 + 0.5) / 4) / 2);
  folder.write("p/02691156/b.txt", "2\nnan\n");
  await refuses('b.txt": point 1 has the label NaN', "shapenet-part", ...both);
  folder.write("p/02691156/b.txt", "2\n3 4\n");
  await refuses('b.txt" line 2: it has 2 values, and 1 are needed', "shapenet-part", ...both);
  folder.write("gt/train_test_split/shuffled_test_file_list.json", '["shape_data/02691156/c"]');
  await refuses('no file of "02691156/c"', "shapenet-part", ...both, "--split", "test");
});

Deno.test("seg leaves out the class that a negative --ignore counts from the end, and says so", async () => {
  using folder = new TestFolder();
  const labels = npy("<i4", "3,", Int32Array.of(0, 1, -1));
  const gt = folder.write("gt.npy", labels);
  const pred = folder.write("pred.npy", npy("<i4", "3,", Int32Array.of(0, 0, 0)));
  const args = ["seg", "--gt", gt, "--pred", pred, "--classes", "2"];
  assertEquals((await run(...args as [string])).metrics["miou"], 0.25);
  const { metrics, warnings } = await run(...args as [string], "--ignore", "-1");
  assertEquals([metrics["miou"], metrics["acc"]], [0.5, 0.5]);
  assertStringIncludes(warnings[0]!, "takes class 1 out");
});

Deno.test("bev-map is done at once with a header of endless samples that have no cells", async () => {
  using folder = new TestFolder();
  const none = npy("<f4", "1000000000000, 6, 0, 5", new Float32Array());
  const [gt, pred] = ["gt.npy", "pred.npy"].map((name) => folder.write(name, none));
  const { metrics } = await run("bev-map", "--gt", gt!, "--pred", pred!);
  assertStrictEquals(metrics["iou_max_mean"], 0);
});

Deno.test("an option of another benchmark is refused with the name of one that has it", async () => {
  const args = ["bleu", "--gt", "a", "--pred", "b", "--absent", "zero"];
  await assertRejects(
    () => parseCommand(args),
    InputError,
    'Cannot score "bleu": it has no option --absent, "seg" has',
  );
});
