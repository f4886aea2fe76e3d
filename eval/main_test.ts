import { assertEquals, assertMatch, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { parseEvalResult } from "../reports/schema.ts";
import { sharedPath } from "../std/testing.ts";
import { runCli, TestRoot } from "./test_labels.ts";

const golden = sharedPath("golden/semantickitti");

/** Scores a root that holds both labels and predictions. */
const score = (root: string, ...more: string[]) =>
  runCli("semantickitti", "--gt", root, "--pred", root, ...more);

/** The command line fails with exit code 2, nothing on stdout and one line that holds `parts`. */
async function refuses(args: string[], ...parts: string[]): Promise<void> {
  const { code, stdout, stderr } = await runCli(...args);
  assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
  assertMatch(stderr, /^error: [^\n]+\n$/);
  for (const part of parts) assertStringIncludes(stderr, part);
}

/** {@linkcode refuses} to score `root` against itself. */
const refusesRoot = (root: TestRoot, ...parts: string[]) =>
  refuses(["semantickitti", "--gt", root.path, "--pred", root.path], ...parts);

Deno.test({
  name: "eval --json equals the devkit's scores exactly and prints one document",
  ignore: golden === undefined,
  async fn() {
    for (const name of ["basic", "missing_classes"]) {
      const { code, stdout, stderr } = await score(`${golden}/${name}`, "--json");
      assertStrictEquals(code, 0, stderr);
      const { metrics, benchmark } = parseEvalResult(stdout, "stdout");
      const expected = JSON.parse(Deno.readTextFileSync(`${golden}/${name}/expected.json`));
      assertStrictEquals(benchmark, "semantickitti");
      assertEquals(Object.entries(metrics).sort(), Object.entries(expected.scores).sort());
    }
  },
});

Deno.test("eval prints a table on stdout and the speed on stderr", async () => {
  using root = new TestRoot();
  root.frames([[10, 10, 40], [10, 40, 40]]);
  const { code, stdout, stderr } = await score(root.path);
  assertStrictEquals(code, 0);
  assertMatch(stdout, /^car +0\.5000 +2 +1$/m);
  assertMatch(stdout, /^road +0\.5000 +1 +2$/m);
  assertMatch(
    stderr,
    /^3 points in [\d.]+ s, [\d.]+ [kM]?\s?points\/s, 1 job, at most [\d,]+ MiB\n$/,
  );
});

Deno.test("eval --out writes the result as JSON and Markdown, and leaves no part files", async () => {
  using root = new TestRoot();
  root.frames([[10], [10]]);
  const out = `${root.path}/a/b`;
  const { stdout } = await score(root.path, "--json", "--out", out);
  assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
    "semantickitti.json",
    "semantickitti.md",
  ]);
  assertStrictEquals(Deno.readTextFileSync(`${out}/semantickitti.json`), stdout);
  assertStringIncludes(Deno.readTextFileSync(`${out}/semantickitti.md`), "| car |");
});

Deno.test("eval prints the same bytes for --jobs 1, 2 and 3", async () => {
  using root = new TestRoot();
  root.frames([[10, 40], [10, 48]], [[40], [40]], [[70], [0]]);
  const runs = await Promise.all(
    ["1", "2", "3"].map((n) => score(root.path, "--json", "--jobs", n)),
  );
  assertStrictEquals(runs[1]!.stdout, runs[0]!.stdout);
  assertStrictEquals(runs[2]!.stdout, runs[0]!.stdout);
});

Deno.test("eval scores files without points", async () => {
  using root = new TestRoot();
  root.frames([[], []]);
  const { code, stdout } = await score(root.path, "--json");
  assertStrictEquals(code, 0);
  assertStrictEquals(parseEvalResult(stdout, "stdout").metrics["iou_mean"], 0);
});

Deno.test("eval warns of unknown ids and scores them as unlabelled", async () => {
  using root = new TestRoot();
  root.frames([[10, 2, 10], [10, 10, 358]]);
  const { code, stdout, stderr } = await score(root.path, "--json");
  assertStrictEquals(code, 0);
  const { warnings, metrics } = parseEvalResult(stdout, "stdout");
  assertStrictEquals(warnings.length, 2);
  assertStringIncludes(
    warnings[0]!,
    "Labels carry class ids that SemanticKITTI does not have: 2 (1",
  );
  assertStringIncludes(warnings[1]!, "358 (1 points)");
  assertStringIncludes(stderr, `warning: ${warnings[0]}`);
  assertStrictEquals(metrics["iou_car"], 0.4999999999999998);
});

Deno.test("eval warns when the names of a pair differ", async () => {
  using root = new TestRoot();
  root.write("08/labels/000000.label", [10]);
  root.write("08/predictions/000001.label", [10]);
  const { code, stderr } = await score(root.path);
  assertStrictEquals(code, 0);
  assertStringIncludes(
    stderr,
    '1 of 1 pairs have different names, the first is label "08/000000.label" with prediction ' +
      '"08/000001.label"',
  );
});

Deno.test("eval warns of sequences that are missing, when others of the split are there", async () => {
  using root = new TestRoot();
  root.write("02/labels/0.label", [10]);
  root.write("02/predictions/0.label", [10]);
  const { code, stderr } = await score(root.path, "--split", "train");
  assertStrictEquals(code, 0);
  const missing = "Sequences 00, 01, 03, 04, 05, 06, 07, 09, 10 have no folder";
  assertStringIncludes(stderr, `warning: ${missing} "labels" in --gt`);
  assertStringIncludes(stderr, `warning: ${missing} "predictions" in --pred`);
});

Deno.test("eval refuses a missing folder and one that is no dataset root", async () => {
  using root = new TestRoot();
  await refuses(
    ["semantickitti", "--gt", "/no/such", "--pred", root.path],
    'Cannot read --gt "/no/such": there is no such folder',
  );
  await refusesRoot(root, 'it has no folder "sequences"');
});

Deno.test("eval refuses a split without files", async () => {
  using root = new TestRoot();
  root.write("08/labels/0.label", [10]);
  await refusesRoot(root, '--pred "', 'has no .label file in "sequences/08/predictions"');
  await refuses(
    ["semantickitti", "--gt", root.path, "--pred", root.path, "--split", "test"],
    'Cannot score split "test"',
    "the labels of this split are not published",
  );
});

Deno.test("eval refuses different numbers of files, with both counts", async () => {
  using root = new TestRoot();
  root.frames([[10], [10]], [[10], [10]]).write("08/labels/2.label", [10]);
  await refusesRoot(root, "3 label files and 2 prediction files", "sequence 08 has 3 and 2");
});

Deno.test("eval refuses a file whose size is no multiple of 4, naming it", async () => {
  using root = new TestRoot();
  const path = root.frames([[10], [10]]).write("08/labels/000000.label", Uint8Array.of(1, 2, 3));
  await refusesRoot(root, `Cannot read "${path}": it has 3 bytes`);
});

Deno.test("eval refuses files of different lengths, naming both and their points", async () => {
  using root = new TestRoot();
  root.frames([[10, 10], [10]]);
  await refusesRoot(
    root,
    'predictions/000000.label" against "',
    'labels/000000.label": it has 1 points and the ground truth has 2',
  );
});

Deno.test("eval refuses ids the devkit's table does not hold, naming file, point and id", async () => {
  using truth = new TestRoot();
  truth.frames([[10, 359], [10, 10]]);
  await refusesRoot(truth, 'labels/000000.label": point 1 has class id 359, and ids below 359');
  using predicted = new TestRoot();
  const many = Array.from({ length: 70_000 }, () => 10);
  predicted.frames([many, many.with(69_999, 65535)]);
  await refusesRoot(predicted, 'predictions/000000.label": point 69999 has class id 65535');
});

Deno.test("eval refuses wrong usage", async () => {
  const both = ["--gt", "a", "--pred", "b"];
  await refuses([], "no benchmark is named", "semantickitti");
  await refuses(["nobody", ...both], 'Unknown benchmark "nobody"', "Known: semantickitti");
  await refuses(["semantickiti", ...both], 'did you mean "semantickitti"?');
  await refuses(["semantickitti", "coco", ...both], "2 are named");
  await refuses(["semantickitti", "--pred", "b"], "--gt PATH is missing");
  await refuses(["semantickitti", "--gt", "a"], "--pred PATH is missing");
  await refuses(["semantickitti", "--gt", "--pred", "b"], "Cannot read --gt: it has no value");
  await refuses(["semantickitti", ...both, "--job", "2"], 'Unknown option "--job"', "--jobs");
  await refuses(["semantickitti", ...both, "--split", "val"], 'Unknown split "val"', "valid");
  await refuses(["semantickitti", ...both, "--rule", "mine"], "Known: devkit, spvnas");
  for (const jobs of ["0", "-1", "1.5", "two"]) {
    await refuses(["semantickitti", ...both, `--jobs=${jobs}`], `Cannot use --jobs "${jobs}"`);
  }
});

Deno.test("eval refuses an --out that cannot be a folder", async () => {
  using root = new TestRoot();
  const file = root.frames([[10], [10]]).write("file", []);
  await refuses(
    ["semantickitti", "--gt", root.path, "--pred", root.path, "--out", file],
    `Cannot make the folder --out "${file}"`,
  );
});

Deno.test("eval --list and --help name every benchmark", async () => {
  const list = await runCli("--list");
  assertStrictEquals(list.code, 0);
  assertMatch(list.stdout, /^semantickitti +SemanticKITTI/m);
  const json = JSON.parse((await runCli("--list", "--json")).stdout);
  assertStrictEquals(json.benchmarks[0].id, "semantickitti");
  for (const { id, reference } of json.benchmarks) {
    assertStringIncludes(list.stdout, `equals ${reference}`);
    assertMatch(reference, /\S+ \S+/, id);
  }
  const help = await runCli("--help");
  assertStringIncludes(help.stdout, "--rule devkit|spvnas");
  assertStrictEquals(help.code, 0);
});

Deno.test({
  name: "eval ends at once on Ctrl-C, also while it waits for a file",
  ignore: Deno.build.os === "windows",
  async fn() {
    using root = new TestRoot();
    const pipe = `${root.path}/never_written`;
    assertStrictEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    const main = new URL("main.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", main, "rouge", "--gt", pipe, "--pred", pipe],
      stdout: "null",
      stderr: "null",
    }).spawn();
    // The open call waits for somebody to write.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const { signal } = await child.status;
    clearTimeout(late);
    assertStrictEquals(signal, "SIGINT");
  },
});
