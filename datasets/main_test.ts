import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runScript, scriptCommand, TestFolder } from "../std/testing.ts";
import { writeScans } from "./arrow_writer.ts";
import { bareScan, fullScan, TINY } from "./test_scans.ts";

const CALL = ["datasets/main.ts", ["--allow-read", "--allow-write"]] as const;
const data = (...args: string[]) => runScript(...CALL, args);

/** Runs a command that must fail with exit code 2, nothing on stdout and this one error on stderr. */
async function refused(args: string[], message: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await data(...args);
  assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
  assertMatch(stderr, /^(warning: [^\n]+\n)*error: [^\n]+\n$/);
  if (typeof message === "string") assertStringIncludes(stderr, message);
  else assertMatch(stderr, message);
}

Deno.test("data --help and data COMMAND --help print usage", async () => {
  const all = await data("--help");
  assertEquals(all.code, 0);
  for (const name of ["convert", "synth", "info", "verify"]) {
    assertStringIncludes(all.stdout, `\n${name} `);
    const one = await data(name, "--help");
    assertEquals(one.code, 0);
    assertStringIncludes(one.stdout, `Usage: deno task data ${name}`);
  }
});

Deno.test("data refuses unknown commands, options and arguments with exit code 2", async () => {
  await refused([], "No command given");
  await refused(["covert"], 'Unknown command "covert": did you mean "convert"?');
  await refused(
    ["info", "a", "--jsn"],
    'Unknown option of data info "--jsn": did you mean "--json"',
  );
  await refused(["info"], "0 arguments given (), and PATH is needed");
  await refused(["verify", "a", "b"], "2 arguments given (a b), and PATH is needed");
  await refused(["convert", "kitti"], 'Unknown data set "kitti"');
  await refused(["convert", "semantickitti", "--src", "a"], "--out DIR is missing");
  await refused(["convert", "semantickitti", "--src"], "--src needs a value");
  await refused(["synth", "--scenes", "0"], '--scenes is "0", and a whole number from 1');
  await refused(["synth", "--seed", "1.5"], '--seed is "1.5"');
});

Deno.test("data convert writes files, says which, and counts dropped points", async () => {
  using folder = new TestFolder();
  const points = Float32Array.of(1, 2, 3, 0.1, NaN, 5, 6, 0.2);
  folder.write("src/sequences/08/velodyne/000000.bin", points);
  const args = ["convert", "semantickitti", "--src", `${folder.path}/src`, "--out"];
  const out = `${folder.path}/out/deeper`;
  await refused([...args, out], '000000.bin": point 1 is (NaN, 5, 6,');

  const converted = await data(...args, out, "--drop-invalid", "--sequences", "08");
  assertEquals(converted.code, 0, converted.stderr);
  assertEquals(
    converted.stdout,
    `${out}/semantickitti-08.arrow\n1 scan in 1 file; dropped 1 point that is not finite\n`,
  );
  assertMatch(converted.stderr, /^warning: .*poses.txt" is missing/);
  assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
    "semantickitti-08.arrow",
    "semantickitti.manifest.json",
  ]);
});

Deno.test("data convert refuses an output that is a file", async () => {
  using folder = new TestFolder();
  folder.write("src/sequences/08/velodyne/000000.bin", new Float32Array(4));
  const file = folder.write("file", "text");
  await refused(
    ["convert", "semantickitti", "--src", `${folder.path}/src`, "--out", file],
    "it is a file, and a folder is needed",
  );
});

Deno.test("data info prints text, or exactly one JSON document", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [fullScan("a"), bareScan("b")]);
  const text = await data("info", path);
  assertEquals(text.code, 0, text.stderr);
  assertStringIncludes(text.stdout, "scans      2 in 1 file, 1 with a pose");
  const json = await data("info", path, "--json");
  assertEquals(json.code, 0, json.stderr);
  assertEquals(JSON.parse(json.stdout).points.total, 4);
  await refused(["info", `${folder.path}/none.arrow`], "there is no such file or folder");
  await refused(["info", folder.write("b.arrow", "text")], "it is not an Arrow file");
});

Deno.test("data verify exits 0 for sound data, 1 with a list, 2 for the unreadable", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [fullScan("a")]);
  const sound = await data("verify", path);
  assertEquals([sound.code, sound.stdout], [0, "1 scan in 1 file: 0 problems\n"]);

  await writeScans(path, TINY, [{ ...fullScan("a"), semantic: Uint16Array.of(0, 10, 9) }]);
  const bad = await data("verify", path);
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.stdout, 'scan 0 ("a"): class 9 is unknown: point 2 has it, 1 in all\n');
  assertMatch(bad.stderr, /^error: .*a\.arrow" is not sound: 1 problem, listed on stdout\n$/);
  const json = await data("verify", path, "--json");
  assertEquals(json.code, 1);
  assertEquals(JSON.parse(json.stdout).problems.length, 1);

  const whole = await Deno.readFile(path);
  const cut = folder.write("cut.arrow", whole.subarray(0, whole.length / 2));
  await refused(["verify", cut], "the file is cut off");
});

Deno.test("data synth makes the same file for the same seed", async () => {
  using folder = new TestFolder();
  const make = async (out: string, seed: string) => {
    const args = ["--scenes", "1", "--seed", seed, "--out", `${folder.path}/${out}`];
    const { code, stdout, stderr } = await data("synth", ...args);
    assertEquals(code, 0, stderr);
    return await Deno.readFile(stdout.trim());
  };
  const [first, again, other] = [await make("a", "5"), await make("b", "5"), await make("c", "6")];
  assertEquals(first.length, again.length);
  assertEquals(first.findIndex((byte, i) => byte !== again[i]), -1);
  const same = first.length === other.length && first.every((byte, i) => byte === other[i]);
  assertEquals(same, false);
  const { code } = await data("verify", `${folder.path}/a`);
  assertEquals(code, 0);
});

Deno.test("data synth --format writes raw files that data convert reads and data info draws", async () => {
  using folder = new TestFolder();
  const [src, out] = [`${folder.path}/src`, `${folder.path}/out`];
  await refused(
    ["synth", "--format", "semantickity", "--out", src],
    'did you mean "semantickitti"?',
  );
  await refused(["synth", "--format", "waymo"], "--format needs --out DIR");
  const made = await data("synth", "--format", "semantickitti", "--scenes", "1", "--out", src);
  assertEquals(made.code, 0, made.stderr);
  assertEquals((await data("convert", "semantickitti", "--src", src, "--out", out)).code, 0);
  const again = await data("convert", "semantickitti", "--src", src, "--out", out);
  assertStringIncludes(again.stdout, "1 scan in 1 file; 1 file kept from an earlier run\n");
  const picture = `${folder.path}/a.svg`;
  const info = await data("info", out, "--picture", picture);
  assertEquals(info.code, 0, info.stderr);
  assertMatch(await Deno.readTextFile(picture), /^<svg [^]*vegetation: \d+[^]* boxes|road: \d+/);
  await refused(["info", out, "--picture", picture, "--scan", "1"], "has 1 scans");
  if (Deno.build.os === "linux") {
    await refused(["info", out, "--picture", "/dev/a.svg"], 'Cannot use "/dev/a.svg');
  }
});

Deno.test("data synth leaves no half-written file on Ctrl-C", async () => {
  using folder = new TestFolder();
  const out = `${folder.path}/out`;
  const child = scriptCommand(...CALL, ["synth", "--scenes", "100000", "--out", out]).spawn();
  const drained = Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  while (filesIn(out).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await drained;
  assertEquals(filesIn(out), []);
});

function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}
