import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { unavailable } from "../../ffi/mod.ts";
import { runScript } from "../../std/testing.ts";

const files = ["--allow-read", "--allow-write"];
const evaluate = (...args: string[]) =>
  runScript("eval/main.ts", [...files, "--allow-ffi=kernels/build"], args);

const MODEL = "SemanticKITTI_SPVCNN_cr0.32";

Deno.test({
  name: "eval model predicts, resumes and scores as `eval semantickitti` scores its files",
  ignore: unavailable("cpu") !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const source = `${folder}/source/sequences/08`;
      await writeScan(source, 900);
      const data = ["convert", "semantickitti", "--src", `${folder}/source`];
      await runScript("datasets/main.ts", files, [...data, "--out", `${folder}/data`]);
      const out = `${folder}/out`;
      const args = ["model", MODEL, "--data", `${folder}/data`, "--out", out, "--json"];
      const first = await evaluate(...args);
      assertEquals([first.code, first.stderr.includes("weights are random")], [0, true]);
      const result = JSON.parse(first.stdout);
      assertEquals(result.inputs.points, 900);

      const label = `${out}/sequences/08/predictions/000000.label`;
      const predicted = await Deno.readFile(label);
      assertEquals(predicted.length, 4 * 900);
      const official = await evaluate(
        ...["semantickitti", "--gt", `${folder}/source`, "--pred", out, "--json"],
      );
      assertEquals(JSON.parse(official.stdout).metrics, result.metrics);
      // No result of random weights is stored, which a table could be made of.
      const stored = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
      assertEquals(stored, ["run.json", "sequences"]);

      const written = (await Deno.stat(label)).mtime;
      const again = await evaluate(...args);
      assertEquals(JSON.parse(again.stdout).metrics, result.metrics);
      assertEquals((await Deno.stat(label)).mtime, written);
      const other = await evaluate("model", "SemanticKITTI_MinkUNet_cr0.32", ...args.slice(2));
      assertEquals(other.code, 2);
      assertMatch(other.stderr, /Cannot resume in .* its predictions are of model/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** A patch of road and cars. */
async function writeScan(folder: string, points: number): Promise<void> {
  for (const name of ["velodyne", "labels"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  const xyz = Float32Array.from({ length: 4 * points }, (_, i) => {
    const [x, y] = [(i >> 2) % 30, Math.floor((i >> 2) / 30)];
    return [x * 0.07, y * 0.07, (x * y % 5) * 0.06, 0.5][i % 4]!;
  });
  const labels = Uint32Array.from({ length: points }, (_, i) => i % 3 === 0 ? 10 : 40);
  await Deno.writeFile(`${folder}/velodyne/000000.bin`, new Uint8Array(xyz.buffer));
  await Deno.writeFile(`${folder}/labels/000000.label`, new Uint8Array(labels.buffer));
}

Deno.test("eval model names what is wrong with a command line", async () => {
  const wrong = async (...args: string[]) => {
    const { code, stderr } = await evaluate("model", ...args);
    assertEquals([code, stderr.trimEnd().split("\n").length], [2, 1]);
    return stderr;
  };
  assertStringIncludes(await wrong("SPVCNN", "--data", "x"), 'Unknown model "SPVCNN"');
  assertMatch(await wrong(MODEL), /--data PATH is missing/);
  assertMatch(await wrong(MODEL, "--data", "x", "--split", "val"), /did you mean "valid"/);
  assertMatch(await wrong(MODEL, "--data", "/nowhere"), /no such file or folder/);
  assertMatch(await wrong("nuScenes_SPVCNN", "--data", "x"), /classes of nuscenes/);
  assertMatch(await wrong("SemanticKITTI_val_SPVNAS@20GMACs"), /--data PATH is missing/);
});
