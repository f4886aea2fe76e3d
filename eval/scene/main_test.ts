import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeScans } from "../../datasets/arrow_writer.ts";
import { runScript } from "../../std/testing.ts";
import { sceneOf } from "./scene.ts";

/** Runs `eval scene` with the rights that its task gives it, but not to start programs. */
const scene = (...args: string[]) =>
  runScript("eval/main.ts", ["--allow-read", "--allow-write"], ["scene", ...args]);

const METADATA = {
  ...{ dataset: "semantickitti", version: 1, source: "made by a test", licence: "CC0-1.0" },
  ...{ sensor: "none", classes: { 0: "unlabeled", 10: "car", 40: "road", 252: "moving-car" } },
};

const SCAN = {
  id: "08/000007",
  points: Float32Array.from({ length: 16 }, (_, i) => i),
  semantic: Uint16Array.of(252, 40, 0, 10),
};

/** A folder with a scan file of two scans; removed when the test ends. */
async function testFolder() {
  const folder = await Deno.makeTempDir();
  const data = `${folder}/scans.arrow`;
  await writeScans(data, METADATA, [{ ...SCAN, id: "08/000006" }, SCAN]);
  return { folder, data, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("sceneOf() judges predictions by the classes that the devkit scores", () => {
  const found = sceneOf(SCAN, METADATA, Uint16Array.of(10, 10, 10, 10));
  assertEquals(found.verdicts, Uint8Array.of(1, 2, 0, 1));
  assertEquals(found.classes.map(({ id, name }) => [id, name]), [
    ...[[0, "unlabeled"], [10, "car"], [40, "road"], [252, "moving-car"]],
  ]);
  const other = sceneOf(SCAN, { ...METADATA, dataset: "other" }, Uint16Array.of(10, 40, 1, 10));
  assertEquals(other.verdicts, Uint8Array.of(2, 1, 0, 1));
  assertEquals(sceneOf(SCAN, METADATA).verdicts, undefined);
});

Deno.test("eval scene writes a scan with the predictions of a file or of a folder", async () => {
  await using at = await testFolder();
  const labels = `${at.folder}/out/sequences/08/predictions`;
  await Deno.mkdir(labels, { recursive: true });
  // Instances stand in the high half and are no part of the class.
  const predicted = Uint32Array.of(10, 40 + (7 << 16), 40, 40);
  await Deno.writeFile(`${labels}/000007.label`, new Uint8Array(predicted.buffer));
  const html = `${at.folder}/made/scene.html`;
  for (const pred of [`${at.folder}/out`, `${labels}/000007.label`]) {
    const { code, stderr } = await scene(at.data, "--scan", "1", "--pred", pred, "--html", html);
    assertEquals([code, stderr], [0, ""]);
    const text = await Deno.readTextFile(html);
    const [, found] = /id="data-prediction">([^<]*)</.exec(text)!;
    assertEquals(
      new Uint16Array(Uint8Array.fromBase64(found!).buffer),
      Uint16Array.of(10, 40, 40, 40),
    );
    for (const part of ["semantickitti: 08/000007", '"three/core":"data:']) {
      assertStringIncludes(text, part);
    }
  }
});

Deno.test("eval scene refuses what it cannot show, in one line", async () => {
  await using at = await testFolder();
  const html = ["--html", `${at.folder}/scene.html`];
  await Deno.writeFile(`${at.folder}/short.label`, new Uint8Array(12));
  const wrong: [string[], string][] = [
    [[], "0 paths are named"],
    [[at.data], "--html FILE or --open is needed"],
    [[at.data, ...html, "--scan=-1"], "a whole number from 0 on is needed"],
    [[at.data, ...html, "--scan", "2"], "it has 2, counted from 0"],
    [[at.data, ...html, "--nope"], 'Unknown option "--nope"'],
    [[`${at.folder}/none.arrow`, ...html], "no such file or folder"],
    [[at.data, ...html, "--pred", `${at.folder}/none`], "there is no such file"],
    [[at.data, ...html, "--pred", at.folder], "sequences/08/predictions/000006.label"],
    [[at.data, ...html, "--pred", `${at.folder}/short.label`], "it is 12 bytes, and the 4 points"],
  ];
  for (const [args, text] of wrong) {
    const { code, stdout, stderr } = await scene(...args);
    assertEquals([args, code, stdout, stderr.trim().split("\n").length], [args, 2, "", 1]);
    assertStringIncludes(stderr, text);
  }
  assertEquals([...Deno.readDirSync(at.folder)].some(({ name }) => name === "scene.html"), false);
});
