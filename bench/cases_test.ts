import { assertEquals } from "@std/assert";
import { Context, variants } from "../ffi/mod.ts";
import { type Case, caseName } from "./case.ts";
import { ALL_CASES, GROUPS } from "./cases.ts";
import { check, type Part } from "./harness/check.ts";
import { testSetting } from "./harness/fakes.ts";
import { runCases } from "./harness/run.ts";

Deno.test("GROUPS names each case once, and gives every op a list of variants with a reference", () => {
  const names = ALL_CASES.map((item) => caseName(item));
  assertEquals(names.length, new Set(names).size);
  for (const item of ALL_CASES) {
    const known = item.variants?.("cpu") ?? variants("cpu", item.op);
    assertEquals([item.op, known.includes("ref")], [item.op, true]);
  }
});

Deno.test("GROUPS compares with a variant that exists, where it names a baseline", () => {
  const baselines = Object.values(GROUPS).flatMap((group) => Object.entries(group.baselines ?? {}));
  for (const [op, baseline] of baselines) {
    const item = ALL_CASES.find((each) => each.op === op);
    const known = item?.variants?.("cpu") ?? variants("cpu", op);
    assertEquals([op, known.includes(baseline)], [op, true]);
  }
});

/** Groups that a tour of under a minute has no time for. */
const ONLY_BY_ID = ["gradients", "weight_sparse", "dense"];

Deno.test("GROUPS has cases of all but three groups in the tour, and of most in a quick run", () => {
  for (const [id, { cases }] of Object.entries(GROUPS)) {
    const toured = cases.some(({ tier }) => tier !== "full");
    assertEquals([id, toured], [id, !ONLY_BY_ID.includes(id)]);
  }
  const quick = Object.values(GROUPS).filter(({ cases }) => cases.some((x) => x.tier === "quick"));
  assertEquals(quick.length >= 6, true);
});

/** Whether a case is too large for a test: the features of the cameras are. */
const isLarge = ({ memoryBytes = 0 }: Case) => memoryBytes > 2 ** 29;

Deno.test("every case passes its check in all variants, on a small patch of ground", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const setting = testSetting(cpu);
  const outcomes = await runCases(ALL_CASES.filter((item) => !isLarge(item)), {
    ...setting,
    plan: { minSamples: 1, minMs: 0, refLimitMs: 1e9 },
    memoryBytes: 2 ** 40,
  });
  for (const { row, work } of outcomes) {
    assertEquals([row.id, row.skipped, row.verified], [row.id, null, true]);
    assertEquals([row.id, row.samplesMs.length, work.bytes > 0], [row.id, 1, true]);
  }
  assertEquals(cpu.liveTensors, 0);
});

/** The same with one value more than it was. */
function bumped({ name, values }: Part): Part {
  const i = values.length - 1;
  return {
    name,
    values: values instanceof BigInt64Array
      ? values.with(i, values[i]! + 1n)
      : values.with(i, values[i]! + 1),
  };
}

Deno.test("a case notices, when an output is not what it should be", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const { bench } = testSetting(cpu);
  for (const item of ALL_CASES.filter((each) => !isLarge(each))) {
    const problem = item.prepare(bench);
    using instance = problem.create(cpu);
    instance.bind("ref")();
    const parts = instance.output();
    const changed = parts.map((part, i) => i < parts.length - 1 ? part : bumped(part));
    const found = check(changed, parts, problem.tolerance("ref"));
    assertEquals([caseName(item), found.passed], [
      caseName(item),
      false,
    ]);
  }
});
