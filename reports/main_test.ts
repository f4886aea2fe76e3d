import { assertEquals, assertStringIncludes } from "@std/assert";
import { runScript } from "../std/testing.ts";
import { readText } from "./testdata/read.ts";

/** Runs the command with exactly the permissions that its task gives it. */
const report = (cwd: string, ...args: string[]) =>
  runScript("reports/main.ts", ["--allow-read", "--allow-write"], args, cwd);

/** A project folder with these stored results; removed when the test is done. */
async function project(files: Record<string, string>) {
  const folder = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const STORED = {
  "bench/results/20261121/epyc.json": readText("bench_tour.json"),
  "eval/results/kitti.json": readText("eval_semantickitti.json"),
};

Deno.test("report writes an index that says none when nothing is stored", async () => {
  await using at = await project({});
  assertEquals((await report(at.folder)).code, 0);
  const index = await Deno.readTextFile(`${at.folder}/reports/pages/README.md`);
  assertStringIncludes(index, "None stored yet.");
  assertEquals((await report(at.folder, "--check")).code, 0);
});

Deno.test("report --check passes after a report, and lists what was changed, lost or left over", async () => {
  await using at = await project(STORED);
  const pages = `${at.folder}/reports/pages`;
  assertEquals((await report(at.folder)).stderr, "");
  assertEquals((await report(at.folder, "--check")).code, 0);

  await Deno.writeTextFile(`${pages}/bench/20261121/epyc.md`, "edited", { append: true });
  await Deno.rename(`${pages}/eval/kitti.md`, `${pages}/eval/old.md`);
  const { code, stdout, stderr } = await report(at.folder, "--check");
  assertEquals(code, 1);
  assertEquals(stdout.trim().split("\n"), [
    "differs: reports/pages/bench/20261121/epyc.md",
    "missing: reports/pages/eval/kitti.md",
    "left over: reports/pages/eval/old.md",
  ]);
  assertEquals(stderr.trim().split("\n").length, 1);

  assertEquals((await report(at.folder)).code, 0);
  assertEquals((await report(at.folder, "--check")).code, 0);
});

Deno.test("report --out writes elsewhere and leaves the files of others alone", async () => {
  await using at = await project({ ...STORED, "mine/README.txt": "mine", "mine/own.md": "own" });
  assertEquals((await report(at.folder, "--out", "mine")).code, 0);
  assertEquals(await Deno.readTextFile(`${at.folder}/mine/own.md`), "own");
  assertEquals((await report(at.folder, "--check", "--out", "mine")).code, 0);
});

Deno.test("report ends with 2 and one line on a bad result and on bad usage", async () => {
  await using at = await project({ "bench/results/x.json": '{"schemaVersion": 1}' });
  const bad = await report(at.folder);
  assertEquals([bad.code, bad.stdout], [2, ""]);
  assertStringIncludes(bad.stderr, 'Cannot read bench result "bench/results/x.json"');
  assertEquals(bad.stderr.trim().split("\n").length, 1);
  for (
    const args of [
      ...[["--bad"], ["extra"], ["--out"], ["--out", "bench/results/x.json"]],
      ...[["--html"], ["--html", "a.html", "--check"], ["--open", "--out", "b"]],
    ]
  ) {
    assertEquals((await report(at.folder, ...args)).code, 2, args.join(" "));
  }
  assertEquals((await report(at.folder, "--help")).code, 0);
});

Deno.test("report --html writes one file and no page, the same bytes each time", async () => {
  await using at = await project(STORED);
  assertEquals((await report(at.folder, "--html", "made/a.html")).code, 0);
  assertEquals((await report(at.folder, "--html", "b.html")).stderr, "");
  const text = await Deno.readTextFile(`${at.folder}/made/a.html`);
  assertEquals(text, await Deno.readTextFile(`${at.folder}/b.html`));
  assertStringIncludes(text, "Scores: semantickitti");
  assertEquals([...Deno.readDirSync(at.folder)].some(({ name }) => name === "reports"), false);

  const onFile = await report(at.folder, "--html", "b.html/c.html");
  assertEquals([onFile.code, onFile.stderr.trim().split("\n").length], [2, 1]);
  assertStringIncludes(onFile.stderr, 'Cannot write "b.html/c.html"');
});

Deno.test("report --open says where the file is, when nothing can open it", async () => {
  await using at = await project(STORED);
  // Run without the right to start a program: as where there is none.
  const { code, stdout, stderr } = await report(at.folder, "--open");
  assertEquals([code, stdout.trim()], [2, "reports/out/report.html"]);
  assertStringIncludes(stderr, 'Cannot open "reports/out/report.html"');
  assertEquals((await Deno.stat(`${at.folder}/reports/out/report.html`)).isFile, true);
});
