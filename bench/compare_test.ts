import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CheckError, InputError } from "../std/errors.ts";
import { runScript } from "../std/testing.ts";
import { compareCommand } from "./compare.ts";
import { OURS, PROTOCOLS } from "./harness/protocol.ts";

const TOUR = new URL("../reports/testdata/bench_tour.json", import.meta.url).pathname;

/** The tour with every time of `id`, or of all cases, multiplied. */
async function scaled(folder: string, name: string, factor: number): Promise<string> {
  const result = JSON.parse(await Deno.readTextFile(TOUR));
  for (const item of result.cases) {
    for (const key of ["medianMs", "p10Ms", "p90Ms"]) if (item[key] !== null) item[key] *= factor;
    item.samplesMs = item.samplesMs.map((ms: number) => ms * factor);
  }
  const path = `${folder}/${name}.json`;
  await Deno.writeTextFile(path, JSON.stringify(result));
  return path;
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("bench compare passes what is equal or faster and refuses what is slower", async () => {
  await inFolder(async (folder) => {
    const slow = await scaled(folder, "slow", 3);
    await compareCommand([TOUR, TOUR]);
    await compareCommand([slow, TOUR]);
    await assertRejects(() => compareCommand([TOUR, slow]), CheckError, "slower");
    await compareCommand([TOUR, slow, "--threshold", "250"]);
  });
});

Deno.test("bench compare refuses runs of two protocols, and takes one that names none for ours", async () => {
  await inFolder(async (folder) => {
    const by = async (protocol: unknown) => {
      const result = JSON.parse(await Deno.readTextFile(TOUR));
      const path = `${folder}/by.json`;
      await Deno.writeTextFile(
        path,
        JSON.stringify({ ...result, context: { ...result.context, protocol } }),
      );
      return path;
    };
    await compareCommand([TOUR, await by(OURS)]);
    const other = await by(PROTOCOLS["sparsevit"]);
    await assertRejects(
      () => compareCommand([TOUR, other]),
      InputError,
      'the protocols "sparsevit" and "voxmark", and one is needed',
    );
  });
});

Deno.test("bench compare prints Markdown without the mark of generated pages", async () => {
  const rights = ["--allow-read", "--allow-write", "--allow-ffi", "--allow-run=git"];
  const { code, stdout } = await runScript("bench/main.ts", rights, ["compare", TOUR, TOUR]);
  assertEquals(code, 0);
  assertMatch(stdout, /^# .*bench_tour\.json against /);
  assertStringIncludes(stdout, "0 regressions");
});

Deno.test("bench compare refuses what it cannot read", async () => {
  const refuses = (args: string[], text: string) =>
    assertRejects(() => compareCommand(args), InputError, text);
  await refuses([TOUR], "1 result files are named, and two are needed");
  await refuses([TOUR, "/nowhere.json"], '"/nowhere.json"');
  await refuses([TOUR, TOUR, "--threshold", "much"], "a number of percent is needed");
  await refuses([TOUR, TOUR, "--fast"], "--fast");
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/x.json`, "{}");
    await refuses([TOUR, `${folder}/x.json`], "x.json");
  });
});
