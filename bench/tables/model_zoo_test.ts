import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { benchResultSchema } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { timedRow } from "../harness/rows.ts";
import { Rows, type TableSpec } from "../table.ts";
import { diet } from "./diet.ts";
import { testContext } from "./fakes.ts";
import { modelZoo } from "./model_zoo.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The tables when every case that is `wanted` took 7 ms. */
function tablesOf(spec: TableSpec, wanted: (item: Case) => boolean) {
  const outcomes = spec.cases.filter(wanted).map((item) => ({
    item,
    row: timedRow(
      { ...item, params: { ...item.params, gmac: 100 }, backend: "cpu", variant: "implicit" },
      EQUAL,
      [7],
      { flops: 2e11, bytes: 1 },
    ),
  }));
  const tables = spec.build({ rows: new Rows(outcomes), roofline: null, context: testContext() });
  // What a report would refuse fails here.
  return benchResultSchema.shape.tables.parse(tables);
}

Deno.test("modelZoo holds every published row beside ours, exact parameters and a reason elsewhere", () => {
  const tables = tablesOf(modelZoo, () => true);
  assertEquals(tables.map(({ rows }) => rows.length), [10, 13, 9, 11, 4, 3, 2, 13]);
  const [readme, test, , thesis, nuscenes, , kitti, boxes] = tables;
  const [second, spv] = kitti!.rows;
  assertEquals([second!["published1"], second!["ownParams"]], [80.9, 5_325_576]);
  assertMatch(String(spv!["ownScore"]), /eval model KITTI_SPVCNN_SECOND/);
  const fusion = boxes!.rows.find(({ name }) => name === "BEVFusion")!;
  assertEquals(fusion["ownParams"], 39_803_214);
  assertAlmostEquals(Number(fusion["denseMacs"]), 278.96, 0.1);
  assertEquals(boxes!.rows[0]!["ownParams"], "not in this project");
  // 16 classes instead of 19: 3 x 97 parameters fewer.
  const scanless = nuscenes!.rows.find(({ name }) => name === "MinkowskiNet")!;
  assertEquals(scanless["ownParams"], 21_723_315 - 291);
  assertMatch(String(scanless["ownMacs"]), /nuScenes/);
  const row = readme!.rows.find(({ name }) => name === "SemanticKITTI_val_SPVCNN@119GMACs")!;
  assertEquals(row["params"], 21.8);
  assertEquals(row["ownParams"], 21_778_003);
  assertEquals([row["macs"], row["ownMacs"], row["implicitMs"]], [118.6, 100, 7]);
  const searched = readme!.rows.find(({ name }) => /SPVNAS/.test(String(name)))!;
  assertMatch(String(searched["ownParams"]), /net.config/);
  const own = test!.rows.map(({ ownParams }) => ownParams).filter((n) => typeof n === "number");
  assertEquals(own.length, 8);
  const mink = thesis!.rows.find(({ name }) => name === "MinkowskiNet")!;
  assertEquals([mink["latency"], mink["ownParams"]], [294, 21_723_315]);
  assertMatch(String(row["ownMiou"]), /needs weights/);
});

Deno.test("modelZoo says what did not run", () => {
  const [readme] = tablesOf(modelZoo, ({ params }) => params["model"] === "none");
  const row = readme!.rows.find(({ name }) => name === "SemanticKITTI_val_MinkUNet@29GMACs")!;
  assertEquals([row["ownMacs"], row["endToEnd"]], ["not run", "not run"]);
});

Deno.test("diet counts what is left, and times whole, pruned and weight-sparse", () => {
  const [table2, table4, table5, table6] = tablesOf(
    diet,
    ({ params }) => params["kernels"] === "dense",
  );
  const left = table2!.rows.find(({ name }) => name === "Res16UNet34C, 99 % pruned")!;
  assertEquals([left["params"], Number(left["own"]).toFixed(1)], [0.4, "0.4"]);
  assertEquals(table4!.rows.at(-1)!["own"], "not in this project");
  const times = table5!.rows.map(({ kernels, ms }) => [kernels, ms]);
  assertEquals(times.slice(0, 3), [["dense", 7], ["dense", 7], ["WS3", "not run"]]);
  const cut = table6!.rows.map(({ cut, latency, ms }) => [cut, latency, ms]);
  assertEquals(cut.slice(0, 3), [
    ["dense network", 4.71, 7],
    ["none", 3.3, "not run"],
    ["B8", 2.59, "not run"],
  ]);
  assertEquals([cut.length, cut.at(-1)![0]], [10, "B1 to B8"]);
});
