import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeScans } from "../datasets/arrow_writer.ts";
import { parseBenchResult } from "../reports/schema.ts";
import { runScript } from "../std/testing.ts";
import { GROUPS } from "./cases.ts";
import { TABLES } from "./tables.ts";
import { groundScan } from "./harness/fakes.ts";

const RIGHTS = [
  ...["--allow-read", "--allow-write", "--allow-ffi=kernels/build", "--allow-run=git,python3"],
];

/** Runs a command line with the permissions that its task gives it, in the project's folder. */
const run = (script: string, ...args: string[]) => runScript(script, RIGHTS, args);

const bench = (...args: string[]) => run("bench/main.ts", ...args);

/** A folder with a small scan; removed when the test ends. */
async function testFolder() {
  const folder = await Deno.makeTempDir();
  const data = `${folder}/scans.arrow`;
  const classes = { 0: "ground" };
  const about = { dataset: "ground", version: 1, source: "made by a test", licence: "CC0-1.0" };
  await writeScans(data, { ...about, sensor: "none", classes }, [groundScan()]);
  return {
    folder,
    data,
    out: `${folder}/out`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("bench --list prints every group and case, as text and as JSON", async () => {
  const { code, stdout } = await bench("--list");
  assertEquals(code, 0);
  for (const id of Object.keys(GROUPS)) assertMatch(stdout, new RegExp(`^${id} `, "m"));
  const { stdout: json } = await bench("--list", "--json");
  const ids = (JSON.parse(json) as { id: string }[]).map(({ id }) => id);
  assertEquals(ids, [...Object.keys(GROUPS), ...Object.keys(TABLES)]);
});

Deno.test("bench --help tells the flags and the exit codes", async () => {
  const { code, stdout } = await bench("--help");
  assertEquals(code, 0);
  for (const part of ["--backend", "--quick", "--filter", "Exit code"]) {
    assertStringIncludes(stdout, part);
  }
});

Deno.test("bench exits 2 with one line and nothing on stdout, when the command line is wrong", async () => {
  const wrong = [["nope"], ["--nope"], ["voxelize", "--dtype", "bf16"], ["--threads", "0"], [
    "--filter",
    "(",
  ]];
  for (const args of wrong) {
    const { code, stdout, stderr } = await bench(...args);
    assertEquals([args, code, stdout], [args, 2, ""]);
    assertMatch(stderr, /^error: [^\n]+\n$/);
  }
});

Deno.test("bench exits 2 with one line, when --data or --out cannot be used", async () => {
  await using at = await testFolder();
  const missing = await bench("--data", `${at.folder}/absent.arrow`, "--out", at.out);
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertMatch(missing.stderr, /^error: Cannot read [^\n]+no such file or folder\n$/);
  const file = await bench("--data", at.data, "--out", at.data);
  assertEquals(file.code, 2);
  assertMatch(file.stderr, /^error: Cannot write to [^\n]+\n$/);
});

Deno.test("bench --backend cuda exits 2 with one line, when no GPU can be used", async (t) => {
  await using at = await testFolder();
  const { code, stdout, stderr } = await bench(
    ...["--backend", "cuda", "--quick", "--filter", "^quantize/"],
    ...["--data", at.data, "--out", at.out],
  );
  if (code === 0) {
    // With a GPU the same line measures it.
    await t.step({ name: "a GPU is here: ran on it", ignore: true, fn: () => {} });
    return;
  }
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^error: Cannot bench on the cuda backend: [^\n]+\n$/);
});

Deno.test("bench --json prints one document that the schema knows, and writes the same with a page", async () => {
  await using at = await testFolder();
  const { code, stdout, stderr } = await bench(
    ...["--quick", "--json", "--threads", "1", "--filter", "^(quantize/|hash_insert/prefetch)"],
    ...["--data", at.data, "--out", at.out],
  );
  assertEquals([code, stderr.match(/^\[\d\/2\] /gm)?.length], [0, 2]);
  const result = parseBenchResult(stdout, "stdout");
  assertEquals(result.cases.map(({ op, variant }) => `${op} ${variant}`), [
    "quantize rows",
    "quantize ref",
    "hash_insert prefetch",
  ]);
  assertEquals(
    result.cases.every(({ verified, samplesMs }) => verified && samplesMs.length > 0),
    true,
  );
  assertEquals([result.context.threads, result.context.data.name], [1, "ground"]);
  assertStringIncludes(
    result.context.command,
    "deno task bench --quick --json --threads 1 --filter '",
  );
  assertEquals(result.roofline === null, false);
  assertEquals(await Deno.readTextFile(`${at.out}/bench.json`), stdout);
  assertStringIncludes(await Deno.readTextFile(`${at.out}/bench.md`), "## `quantize`");
  const charts = await Array.fromAsync(Deno.readDir(`${at.out}/bench`));
  assertEquals(charts.some(({ name }) => name.endsWith(".svg")), true);
});

Deno.test("bench exits 1 after the table, when a variant is wrong", async () => {
  await using at = await testFolder();
  const { code, stdout, stderr } = await run(
    "bench/testdata/wrong.ts",
    ...["--quick", "--data", at.data, "--out", at.out],
  );
  assertEquals(code, 1);
  assertStringIncludes(stdout, "wrong: out[0] is 2, the reference 1");
  assertMatch(stderr, /error: 1 of 3 rows are wrong: fake\/wrong\/n=1\n$/);
  const stored = await Deno.readTextFile(`${at.out}/bench.json`);
  const row = parseBenchResult(stored, "bench.json").cases.find(({ variant }) =>
    variant === "wrong"
  );
  assertEquals([row?.verified, row?.samplesMs, row?.maxAbsErr], [false, [], 1]);
});

Deno.test("bench with the ID of a table runs its cases and writes it into the document and the page", async () => {
  await using at = await testFolder();
  const { code, stdout } = await bench(
    ...["cpu-engine", "--quick", "--json", "--filter", "^kernel_map/sorted/"],
    ...["--data", at.data, "--out", at.out],
  );
  assertEquals(code, 0);
  const { cases, tables } = parseBenchResult(stdout, "stdout");
  assertEquals(cases.map(({ op, variant }) => `${op} ${variant}`), ["kernel_map sorted"]);
  assertEquals(tables.map(({ id }) => id), ["cpu-engine"]);
  const row = tables[0]!.rows.find(({ what }) => what === "submanifold map L0");
  assertEquals([row?.["here"], row?.["goal"]], [cases[0]!.medianMs, 4]);
  assertStringIncludes(await Deno.readTextFile(`${at.out}/bench.md`), "## CPU engine");
});

Deno.test("bench --peers lists every peer with its version or why it is absent, and a row each", async () => {
  await using at = await testFolder();
  const { code, stdout, stderr } = await bench(
    ...["sparse_conv", "--quick", "--json", "--filter", "/(ref|peer:.*)/layer=subm3-L4"],
    ...["--peers", "torch,spconv", "--data", at.data, "--out", at.out],
  );
  assertEquals(code, 0, stderr);
  const { context: { peers }, cases } = parseBenchResult(stdout, "stdout");
  assertEquals(Object.keys(peers!), ["spconv", "torch"]);
  for (const [name, state] of Object.entries(peers!)) {
    assertStringIncludes(stderr, `peer ${name}: ${state}`);
    const row = cases.find(({ variant }) => variant === `peer:${name}`)!;
    if (state.startsWith("absent: ")) assertEquals([row.skipped, row.verified], [state, false]);
    else assertEquals(row.skipped === null, row.verified);
  }
  assertStringIncludes(await Deno.readTextFile(`${at.out}/bench.md`), "peers");

  const wrong = await bench("--peers", "spconf");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, 'did you mean "spconv"?');
});
