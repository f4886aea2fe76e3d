import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { testContext } from "./fakes.ts";
import { torchsparsePpTraining } from "./torchsparse_pp_training.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };
const { cases } = torchsparsePpTraining;

/** The table when the variants take so many milliseconds on all but the last workload. */
function tableOf(times: Readonly<Record<string, number>>) {
  const outcomes = cases.slice(0, -1).flatMap((item) =>
    Object.entries(times).map(([variant, ms]) => ({
      item,
      row: timedRow(
        { ...item, params: { ...item.params, voxels: 7 }, backend: "cpu", variant },
        EQUAL,
        [ms],
        { flops: null, bytes: 1 },
      ),
    }))
  );
  const rows = new Rows(outcomes);
  return torchsparsePpTraining.build({ rows, roofline: null, context: testContext() })[0]!;
}

Deno.test("torchsparsePpTraining holds speeds against TorchSparse++'s, published and measured", () => {
  const { rows, columns, chart } = tableOf({ "torchsparse-pp": 2, minkowski: 4, voxmark: 1 });
  const [first, last, mean] = [rows[0]!, rows.at(-2)!, rows.at(-1)!];
  assertEquals([first["torchsparse-pp"], first["minkowski"], first["voxmark"]], [1, 0.5, 2]);
  assertEquals([first["ms"], first["voxels"], first["spconv-2"]], [2, 7, "not run"]);
  assertEquals([last["ms"], last["voxmark"], last["voxels"]], ["not run", "not run", null]);
  assertEquals([mean["minkowski"], mean["spconv-2"]], [0.5, null]);
  const published = columns.filter(({ kind }) => kind === "published");
  assertEquals(published.length, 7);
  const spconv = published.find(({ title }) => title === "SpConv 2.3.5, A100")!;
  // The figure's own geometric mean.
  assertEquals(first[spconv.key], 1.04);
  assertAlmostEquals(Number(mean[spconv.key]), 0.86, 0.005);
  for (const key of chart!.series.filter((each) => each.startsWith("published"))) {
    assertStringIncludes(columns.find((each) => each.key === key)!.title, "RTX 2080 Ti");
  }
});
