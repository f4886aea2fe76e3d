import { assertEquals } from "@std/assert";
import { waymoDetectionTwin } from "../../datasets/twins/waymo_detection.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";

const golden = sharedPath("golden/waymo_detection");
const ID = "waymo-detection";
type Scores = Record<string, { mAP: number; mAPH: number }>;

Deno.test({
  name: "waymo-detection equals the official tool in every float32",
  ignore: golden === undefined,
  async fn() {
    for (const name of ["basic", "ties"]) {
      const folder = `${golden}/${name}`;
      const [gt, pred] = [`${folder}/ground_truths.bin`, `${folder}/predictions.bin`];
      const { metrics } = await resultOf(ID, { gt, pred });
      const text = Deno.readTextFileSync(`${folder}/expected.json`);
      const { results } = JSON.parse(text) as { results: Scores };
      const wanted: Record<string, number> = {};
      for (const [shard, { mAP, mAPH }] of Object.entries(results)) {
        wanted[`${shard}_mAP`] = Math.fround(mAP);
        wanted[`${shard}_mAPH`] = Math.fround(mAPH);
      }
      const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, metrics[key]]));
      assertEquals(found, wanted, name);
    }
  },
});

Deno.test("waymo-detection scores a twin the same on one thread and on three", async () => {
  const { metrics } = await resultOfTwin(waymoDetectionTwin, 30);
  const score = metrics["OBJECT_TYPE_TYPE_VEHICLE_LEVEL_2_mAP"] as number;
  assertEquals(score > 0.1 && score < 0.95, true, `${score}`);
});

/** A copy of a twin's file with a change. */
async function changed(change: (bytes: Uint8Array) => Uint8Array) {
  const folder = new TestFolder();
  const { gt, pred } = await waymoDetectionTwin.write(folder.path, 2, 1);
  Deno.writeFileSync(pred, change(Deno.readFileSync(pred)));
  return { gt, pred, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("waymo-detection refuses a file that is cut, or no message, with the byte", async () => {
  using cut = await changed((bytes) => bytes.subarray(0, bytes.length - 3));
  await refuses(
    ID,
    cut,
    "predictions.bin",
    "waymo.open_dataset.Objects: byte ",
    "the message ends",
  );
  using text = await changed(() => new TextEncoder().encode("not a message at all"));
  await refuses(ID, text, "waymo.open_dataset.Objects: byte ");
});

Deno.test("waymo-detection refuses a box that is not finite, naming the object", async () => {
  using file = await changed((bytes) => {
    const at = bytes.indexOf(0x09); // The first double of the first box.
    bytes.set([0, 0, 0, 0, 0, 0, 0xf8, 0x7f], at + 1);
    return bytes;
  });
  await refuses(ID, file, "object 0 has a box with NaN, and finite numbers are needed");
});

Deno.test("waymo-detection scores a file without predictions as 0, and refuses one without labels", async () => {
  using file = await changed(() => new Uint8Array(0));
  const { metrics, warnings } = await resultOf(ID, file);
  assertEquals([metrics["OBJECT_TYPE_TYPE_VEHICLE_LEVEL_1_mAP"], warnings.length], [0, 1]);
  await refuses(ID, { gt: file.pred, pred: file.gt }, "it has no object with LiDAR points");
  await refuses(ID, { gt: "/no/such", pred: file.pred }, 'Cannot read "/no/such"');
});
