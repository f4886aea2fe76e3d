import { assertEquals } from "@std/assert";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { dataMovement } from "./data_movement.ts";
import { testContext } from "./fakes.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The table when gathering takes `ms` and scattering twice that, in f16 half of both. */
function tableOf(times: Readonly<Record<string, number>>) {
  const rows = new Rows(
    dataMovement.cases.flatMap((item) =>
      Object.entries(times).map(([variant, ms]) => {
        const size = (item.params["moved"] === "gather" ? 1 : 2) * (item.dtype === "f16" ? 0.5 : 1);
        const key = { ...item, backend: "cpu" as const, variant };
        return { item, row: timedRow(key, EQUAL, [ms * size], { flops: null, bytes: 1 }) };
      })
    ),
  );
  return dataMovement.build({ rows, roofline: null, context: testContext() })[0]!;
}

Deno.test("dataMovement adds both movements and compares with offset by offset in f32", () => {
  const { rows } = tableOf({ gather: 6, fused: 3 });
  const [first, scalar, vectors, , fused] = rows;
  assertEquals([first!["both-ms"], first!["both-speedup"]], [18, 1]);
  assertEquals([scalar!["gather-ms"], scalar!["gather-speedup"]], ["not a setting here", null]);
  assertEquals([scalar!["gather-published"], scalar!["both-published"]], [1.17, 1.32]);
  assertEquals([vectors!["gather-ms"], vectors!["scatter-ms"]], [3, 6]);
  assertEquals([vectors!["gather-speedup"], vectors!["gather-published"]], [2, 1.91]);
  assertEquals([fused!["both-ms"], fused!["both-speedup"], fused!["both-published"]], [
    4.5,
    4,
    2.72,
  ]);
  const last = rows.at(-1)!;
  assertEquals([last["both-ms"], last["both-published"]], ["not run", null]);
});
