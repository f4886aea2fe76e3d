import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePng } from "../../std/png.ts";
import { asset, threeModules } from "./assets.ts";
import { findChromium, Tab } from "./chromium.ts";
import { MOST_POINTS, sceneDocument, type SceneInput, VERDICT } from "./scene_document.ts";

const chromium = await findChromium();
const bare = { style: "", viewer: "", modules: {} };

/** A sheet of points, its halves labelled 1 and 2, and a box. */
function sheet(side = 60): SceneInput {
  const points = new Float32Array(4 * side * side);
  for (let i = 0; i < side * side; i++) {
    points.set([(i % side) / 4 - 8, Math.floor(i / side) / 4 - 8, Math.sin(i / 9), i % 7], 4 * i);
  }
  const labels = Uint16Array.from({ length: side * side }, (_, i) => i % side < side / 2 ? 1 : 2);
  return {
    title: "sheet: <b>0</b>",
    notes: ["</script><script>alert(1)</script>"],
    points,
    labels,
    predictions: labels.map(() => 1),
    verdicts: Uint8Array.from(labels, (id) => id === 1 ? VERDICT.right : VERDICT.wrong),
    boxes: { geometry: Float32Array.of(0, 0, 0, 4, 2, 1.5, 0.3), classes: Uint16Array.of(2) },
    classes: [{ id: 1, name: "</script>one", colour: [200, 40, 40] }, {
      ...{ id: 2, name: "two", colour: [40, 40, 200] },
    }],
  };
}

/** The array in an element of the document. */
function arrayIn(text: string, name: string): ArrayBuffer {
  const found = new RegExp(`id="data-${name}">([^<]*)<`).exec(text);
  return Uint8Array.fromBase64(found![1]!).buffer;
}

Deno.test("sceneDocument() holds the points as they are, and the same bytes each time", () => {
  const input = sheet();
  const text = sceneDocument(input, bare);
  assertEquals(sceneDocument(input, bare) === text, true);
  const positions = new Float32Array(arrayIn(text, "positions"));
  assertEquals(positions.length, 3 * 3600);
  assertEquals(positions.slice(3, 6), input.points.slice(4, 7));
  assertEquals(new Uint16Array(arrayIn(text, "label")), input.labels);
  assertEquals(new Uint8Array(arrayIn(text, "error")), input.verdicts);
  assertEquals(new Float32Array(arrayIn(text, "boxes")), input.boxes!.geometry);
  for (const part of ["3,600 points, 1 box", "1,800", "two"]) assertStringIncludes(text, part);
});

Deno.test("sceneDocument() shows markup in names as text", () => {
  const text = sceneDocument(sheet(), bare);
  assert(!text.includes("<script>alert"));
  assert(!text.includes("<b>0"));
  assert(!text.includes("</script>one"));
});

Deno.test("sceneDocument() leaves points evenly out above its limit, and points that are not finite", () => {
  const points = new Float32Array(4 * (2 * MOST_POINTS + 2)).map((_, i) => i / 4 % 1000);
  points[0] = NaN;
  points[5] = Infinity;
  const text = sceneDocument({ title: "t", notes: [], points, classes: [] }, bare);
  assertStringIncludes(text, "150,000 of 300,002 points");
  const positions = new Float32Array(arrayIn(text, "positions"));
  assertEquals([positions.length, positions.every(Number.isFinite)], [3 * MOST_POINTS, true]);
  assertEquals(positions.slice(0, 6), Float32Array.of(2, 2.25, 2.5, 4, 4.25, 4.5));
  const none = sceneDocument(
    { title: "t", notes: [], points: points.subarray(0, 4), classes: [] },
    bare,
  );
  assertEquals(arrayIn(none, "positions").byteLength, 0);
});

Deno.test({
  name: "a scan in Chromium: no complaint, the canvas draws, colours and classes change it" +
    (chromium === undefined ? " (skipped: no Chromium is installed)" : ""),
  ignore: chromium === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const file = `${folder}/scene.html`;
      const style = `${await asset("style.css")}\n${await asset("viewer.css")}`;
      const assets = { style, viewer: await asset("viewer.js"), modules: await threeModules() };
      await Deno.writeTextFile(file, sceneDocument(sheet(), assets));
      for (const scheme of ["light", "dark"]) {
        await using tab = await Tab.open(chromium!, file, { width: 900, height: 600, scheme });
        assertEquals(tab.complaints, []);
        const labels = await coloured(tab);
        assert(labels.red > 300 && labels.blue > 300, JSON.stringify(labels));
        await set(tab, "#mode", "prediction");
        const predicted = await coloured(tab);
        assert(predicted.red > 1.5 * labels.red, JSON.stringify([labels, predicted]));
        assert(predicted.blue < labels.blue / 2, "only the box is of class 2 now");
        await tab.evaluate("document.querySelector('.legend input[value=\"1\"]').click()");
        assert((await coloured(tab)).red < predicted.red / 10);
        assertEquals(tab.complaints, []);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function set(tab: Tab, selector: string, value: string): Promise<void> {
  await tab.evaluate(`{
    const element = document.querySelector(${JSON.stringify(selector)});
    element.value = ${JSON.stringify(value)};
    element.dispatchEvent(new Event("input"));
  }`);
}

/** Pixels of the canvas that are clearly red or blue. */
async function coloured(tab: Tab): Promise<{ red: number; blue: number }> {
  const place = "{ const r = document.querySelector('canvas').getBoundingClientRect();" +
    "[r.left, r.top, r.right, r.bottom].map(Math.round) }";
  const [left, top, right, bottom] = await tab.evaluate(place);
  const { width, samples, channels } = decodePng(await tab.screenshot());
  const found = { red: 0, blue: 0 };
  for (let y = top; y < Math.min(bottom, 600); y++) {
    for (let x = left; x < right; x++) {
      const [r, g, b] = samples.subarray(channels * (y * width + x)) as unknown as number[];
      if (r! > g! + 60 && r! > b! + 60) found.red++;
      if (b! > g! + 60 && b! > r! + 60) found.blue++;
    }
  }
  return found;
}
